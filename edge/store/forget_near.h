// How a full hash table lets one entry go.
#pragma once

#include <cstddef>
#include <utility>

namespace skerry::edge {

// Erases an entry of the bucket where `key` belongs, or of the first one behind it that has any, and returns what it
// held: with hashes for keys as good as a random one, and a look at few buckets. (begin() would be the one added last.)
// `map` is not empty.
template <class Map>
typename Map::mapped_type forget_near(Map& map, const typename Map::key_type& key) {
  std::size_t bucket = map.bucket(key);
  while (map.begin(bucket) == map.end(bucket)) bucket = (bucket + 1) % map.bucket_count();
  return std::move(map.extract(typename Map::key_type(map.begin(bucket)->first)).mapped());
}

}  // namespace skerry::edge
