// How a full hash table lets one entry go.
#pragma once

#include <cstddef>

namespace skerry::edge {

// Erases an entry of the bucket where `key` belongs, or of the first one behind it that has any: with hashes for keys
// as good as a random one, and a look at few buckets. (begin() would be the one added last.) `map` is not empty.
template <class Map>
void forget_near(Map& map, const typename Map::key_type& key) {
  std::size_t bucket = map.bucket(key);
  while (map.begin(bucket) == map.end(bucket)) bucket = (bucket + 1) % map.bucket_count();
  const typename Map::key_type forgotten = map.begin(bucket)->first;
  map.erase(forgotten);
}

}  // namespace skerry::edge
