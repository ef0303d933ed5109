#include "routing/mmdb.h"

#include <maxminddb.h>

#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "routing/country.h"

namespace skerry::routing {
namespace {

constexpr std::uint32_t no_place = 0xffffffff, unknown_country = 0xfffffffe;
constexpr int v4_depth_in_v6 = 96;  // ::/96 holds IPv4 (the format's own convention)

class File {
 public:
  File() = default;
  ~File() {
    if (open_) MMDB_close(&mmdb_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  int open(const std::string& name) {
    const int status = MMDB_open(name.c_str(), MMDB_MODE_MMAP, &mmdb_);
    open_ = status == MMDB_SUCCESS;
    return status;
  }
  const MMDB_s& get() const { return mmdb_; }

 private:
  MMDB_s mmdb_{};
  bool open_ = false;
};

// False: damaged. A path that isn't there leaves `value` empty.
bool get(MMDB_entry_s entry, std::array<const char*, 3> path, std::optional<MMDB_entry_data_s>& value) {
  MMDB_entry_data_s data{};
  const int status = MMDB_aget_value(&entry, &data, path.data());
  if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) return true;
  if (status != MMDB_SUCCESS) return false;
  if (data.has_data) value = data;
  return true;
}

std::optional<double> number_in(const std::optional<MMDB_entry_data_s>& value, double limit) {
  if (!value) return std::nullopt;
  double number = NAN;
  if (value->type == MMDB_DATA_TYPE_DOUBLE) number = value->double_value;
  if (value->type == MMDB_DATA_TYPE_FLOAT) number = static_cast<double>(value->float_value);
  if (!std::isfinite(number) || std::abs(number) > limit) return std::nullopt;
  return number;
}

// What a record says of where its network is.
enum class Said : std::uint8_t { damaged, nothing, unknown_country, place };

Said country_in(const MMDB_entry_s& entry, Coordinates& at) {
  static constexpr std::array<std::array<const char*, 3>, 4> paths = {{{"country", "iso_code", nullptr},
                                                                       {"registered_country", "iso_code", nullptr},
                                                                       {"country_code", nullptr, nullptr},
                                                                       {"country", nullptr, nullptr}}};
  for (const auto& path : paths) {
    std::optional<MMDB_entry_data_s> code;
    if (!get(entry, path, code)) return Said::damaged;
    if (!code || code->type != MMDB_DATA_TYPE_UTF8_STRING) continue;
    const auto place = country_place({code->utf8_string, code->data_size});
    if (place) at = *place;
    return place ? Said::place : Said::unknown_country;
  }
  return Said::nothing;
}

Said place_in(const MMDB_entry_s& entry, Coordinates& at) {
  std::optional<MMDB_entry_data_s> latitude, longitude;
  bool sound = get(entry, {"location", "latitude", nullptr}, latitude) &&
               get(entry, {"location", "longitude", nullptr}, longitude);
  if (sound && !latitude) {
    sound =
        get(entry, {"latitude", nullptr, nullptr}, latitude) && get(entry, {"longitude", nullptr, nullptr}, longitude);
  }
  if (!sound) return Said::damaged;
  const auto north = number_in(latitude, 90), east = number_in(longitude, 180);
  if (!north || !east) return country_in(entry, at);
  at = {*north, *east};
  return Said::place;
}

// One side of a node.
struct Record {
  std::uint64_t value = 0;
  std::uint8_t type = MMDB_RECORD_TYPE_INVALID;
  MMDB_entry_s entry{};
};

class TreeReader {
 public:
  explicit TreeReader(const MMDB_s& mmdb) : mmdb_(mmdb), visited_(mmdb.metadata.node_count) {}

  // Empty: read to the end.
  std::string read(LocatedNetworks& out) {
    out_ = &out;
    const bool is_v6 = mmdb_.metadata.ip_version == 6;
    if (!is_v6) return walk(root(), out.v4, 0);
    const Record v4 = find_v4();
    // Aliases (::ffff:0:0/96, 2002::/16 and others) are the same node at other places: known by its number.
    if (v4.type == MMDB_RECORD_TYPE_SEARCH_NODE) v4_node_ = v4.value;
    std::string problem = walk(v4, out.v4, 0);
    if (problem.empty()) problem = walk(root(), out.v6, v4_node_);
    return problem;
  }

 private:
  static Record root() { return {0, MMDB_RECORD_TYPE_SEARCH_NODE, {}}; }

  bool read_node(std::uint64_t number, Record& left, Record& right) const {
    MMDB_search_node_s node;
    if (number >= mmdb_.metadata.node_count) return false;
    if (MMDB_read_node(&mmdb_, static_cast<std::uint32_t>(number), &node) != MMDB_SUCCESS) return false;
    left = {node.left_record, node.left_record_type, node.left_record_entry};
    right = {node.right_record, node.right_record_type, node.right_record_entry};
    return true;
  }

  // What stands at ::/96; a record above it stands for all of IPv4.
  Record find_v4() const {
    Record at = root(), right;
    for (int i = 0; i < v4_depth_in_v6 && at.type == MMDB_RECORD_TYPE_SEARCH_NODE; ++i) {
      if (!read_node(at.value, at, right)) return {};
    }
    return at;
  }

  // Every node of a proper tree is met once: a second time means a loop, or a file made to be walked for ever.
  bool visit(std::uint64_t node) {
    if (node >= visited_.size() || visited_[node]) return false;
    visited_[node] = true;
    return true;
  }

  // `skipped`: a node that belongs to the other family; 0, the root, is none.
  template <class Number>
  std::string walk(const Record& from, std::vector<LocatedRange<Number>>& ranges, std::uint64_t skipped) {
    struct Step {
      Record record;
      Number first;
      int depth;
    };
    std::vector<Step> stack = {{from, 0, 0}};
    while (!stack.empty()) {
      const Step step = stack.back();
      stack.pop_back();
      switch (step.record.type) {
        case MMDB_RECORD_TYPE_EMPTY: continue;
        case MMDB_RECORD_TYPE_DATA:
          if (!add(step.record, step.first, step.depth, ranges)) return "a record is damaged";
          continue;
        case MMDB_RECORD_TYPE_SEARCH_NODE: break;
        default: return "its search tree is damaged";
      }
      if (skipped != 0 && step.record.value == skipped) continue;
      if (step.depth == bits_of<Number>) return "its search tree is deeper than an address is long";
      Record left, right;
      if (!visit(step.record.value) || !read_node(step.record.value, left, right)) {
        return "its search tree is damaged: a node is met twice, or missing";
      }
      const Number half = Number{1} << (bits_of<Number> - 1 - step.depth);
      stack.push_back({right, static_cast<Number>(step.first | half), step.depth + 1});
      stack.push_back({left, step.first, step.depth + 1});
    }
    return {};
  }

  template <class Number>
  bool add(const Record& record, Number first, int depth, std::vector<LocatedRange<Number>>& ranges) {
    // A record above ::/96 covers IPv4, too: that part is not IPv6, but nobody asks for it there.
    ++out_->networks;
    const auto [known, is_new] = places_by_offset_.try_emplace(record.entry.offset, no_place);
    if (is_new) {
      Coordinates at;
      const Said said = place_in(record.entry, at);
      if (said == Said::damaged) return false;
      if (said == Said::place) known->second = number_of(at);
      if (said == Said::unknown_country) known->second = unknown_country;
    }
    if (known->second >= unknown_country) {
      ++out_->without_place;
      out_->unknown_countries += known->second == unknown_country;
      return true;
    }
    const Number last = last_of<Number>(first, depth);
    const bool joins =
        !ranges.empty() && ranges.back().place == known->second && static_cast<Number>(ranges.back().last + 1) == first;
    if (joins) ranges.back().last = last;
    if (!joins) ranges.push_back({first, last, known->second});
    return true;
  }

  std::uint32_t number_of(const Coordinates& at) {
    const auto [found, is_new] =
        numbers_.try_emplace({at.latitude, at.longitude}, static_cast<std::uint32_t>(out_->places.size()));
    if (is_new) out_->places.push_back(at);
    return found->second;
  }

  const MMDB_s& mmdb_;
  LocatedNetworks* out_ = nullptr;
  std::uint64_t v4_node_ = 0;
  std::vector<bool> visited_;
  std::unordered_map<std::uint32_t, std::uint32_t> places_by_offset_;  // many networks share a record
  std::map<std::pair<double, double>, std::uint32_t> numbers_;
};

core::Error refused(core::ErrorCode code, const std::string& file, const std::string& why) {
  return {code, core::ErrorSource::internal, false, "\"" + file + "\": " + why};
}

}  // namespace

core::Result<LocatedNetworks> read_mmdb(const std::string& file) {
  File mmdb;
  const int status = mmdb.open(file);
  if (status == MMDB_FILE_OPEN_ERROR) return refused(core::ErrorCode::not_found, file, "can't be read");
  if (status != MMDB_SUCCESS) {
    return refused(core::ErrorCode::invalid_configuration, file,
                   std::string("is no whole MaxMind DB file: ") + MMDB_strerror(status));
  }
  const MMDB_metadata_s& metadata = mmdb.get().metadata;
  if (metadata.ip_version != 4 && metadata.ip_version != 6) {
    return refused(core::ErrorCode::invalid_configuration, file, "its ip_version is neither 4 nor 6");
  }
  LocatedNetworks networks;
  if (metadata.database_type) networks.type = metadata.database_type;
  if (const std::string problem = TreeReader(mmdb.get()).read(networks); !problem.empty()) {
    return refused(core::ErrorCode::invalid_configuration, file, problem);
  }
  if (networks.places.empty()) {
    return refused(core::ErrorCode::invalid_configuration, file, "no record in it says where its network is");
  }
  return networks;
}

std::optional<Coordinates> find_in_mmdb(const std::string& file, const core::IpAddress& ip) {
  File mmdb;
  if (mmdb.open(file) != MMDB_SUCCESS) return std::nullopt;
  int not_an_address = 0, status = MMDB_SUCCESS;
  const auto found = MMDB_lookup_string(&mmdb.get(), ip.to_string().c_str(), &not_an_address, &status);
  Coordinates at;
  const bool known =
      not_an_address == 0 && status == MMDB_SUCCESS && found.found_entry && place_in(found.entry, at) == Said::place;
  if (!known) return std::nullopt;
  return at;
}

}  // namespace skerry::routing
