// Configuration described as data: for every section a plain struct and, beside it, a Table that says which key sets
// which member, with its doc line, unit, bounds and whether a reload applies it.
//
//   const Table<MemoryConfig>& memory_table() {
//     static const Table<MemoryConfig> table = Table<MemoryConfig>("What the process may use.")
//         .key("size", &MemoryConfig::size, {.doc = "Everything in memory.", .min = 64_MiB});
//     return table;
//   }
//
// Reading, environment variables, the reference page and the effective configuration all come from it. Tables are
// immutable once made (any thread); reading happens at start-up and reload only.
#pragma once

#include <functional>
#include <memory>

#include "core/config/types.h"

namespace skerry::config {

enum class Applies : std::uint8_t { restart, live };  // live: a reload is enough

struct Schema;

// One key, without its C++ type.
struct Field {
  enum class Shape : std::uint8_t { value, map, table, array };

  Shape shape = Shape::value;
  std::string name, type, doc, bounds;
  std::string default_text;  // as the reference shows it
  Applies applies = Applies::restart;
  bool required = false;
  bool secret = false;
  bool path = false;        // names files: relative ones are taken from the configuration file's folder
  std::string alternative;  // the other way to say the same: only one of both may be given

  // value, map
  std::function<bool(void* section, const Value&, std::string& problem)> read;
  std::function<std::optional<Value>(const void* section)> write;  // null: never shown; a secret's is unmasked
  // table, array: the section below, and how to get at it
  const Schema* below = nullptr;
  std::function<void*(void* section)> enter;  // array: appends an element
  std::function<std::size_t(const void* section)> count;
  std::function<const void*(const void* section, std::size_t index)> element;
};

struct Schema {
  std::string doc;
  std::vector<Field> fields;

  const Field* find(std::string_view name) const;
  std::vector<std::string> names() const;
};

// What min and max of a key are compared with: numbers by value, strings and lists by length.
template <class T>
struct BoundOf {
  using type = T;
  static constexpr const char* suffix = "";
  static T measure(const T& value) { return value; }
};
template <>
struct BoundOf<std::string> {
  using type = std::size_t;
  static constexpr const char* suffix = " characters";
  static std::size_t measure(const std::string& value) { return value.size(); }
};
template <class T>
struct BoundOf<std::vector<T>> {
  using type = std::size_t;
  static constexpr const char* suffix = " items";
  static std::size_t measure(const std::vector<T>& value) { return value.size(); }
};
template <class T>
struct BoundOf<std::optional<T>> {
  using type = typename BoundOf<T>::type;
  static constexpr const char* suffix = BoundOf<T>::suffix;
  static type measure(const std::optional<T>& value) { return value ? BoundOf<T>::measure(*value) : type{}; }
};
template <class T>
using Bound = typename BoundOf<T>::type;

template <class T>
struct KeyOptions {
  std::string doc{};
  std::optional<Bound<T>> min{}, max{};
  Unit unit = Unit::none;
  Applies applies = Applies::restart;
  bool required = false;
  std::string shown_default{};  // where the struct's default is not the whole truth
  bool path = false;            // see Field
};

struct TextOptions {
  std::string doc{};
  Applies applies = Applies::restart;
  bool required = false;
};

// Reads a secret's file: a regular file of at most 64 KiB; the line end is no part of it.
bool read_secret_file(const std::string& path, std::string& out, std::string& problem);
// "1 … 65536" for the reference and errors.
std::string bounds_text(const std::optional<Value>& min, const std::optional<Value>& max);
std::string default_text(const std::optional<Value>& value);

template <class S>
class Table {
 public:
  explicit Table(std::string doc) { schema_.doc = std::move(doc); }

  template <class T>
  Table& key(std::string name, T S::*member, KeyOptions<std::type_identity_t<T>> options) {
    Field field = described(std::move(name), options.doc, options.applies, options.required);
    field.type = options.unit == Unit::bytes ? "size" : ValueType<T>::name();
    if constexpr (requires { ValueType<T>::is_map; }) field.shape = Field::Shape::map;
    field.path = options.path;
    if (field.path) field.type.replace(field.type.rfind("string"), 6, "path");
    field.write = [member, unit = options.unit](const void* section) {
      return ValueType<T>::write(static_cast<const S*>(section)->*member, unit);
    };
    const S defaults{};
    field.default_text =
        options.shown_default.empty() ? default_text(field.write(&defaults)) : std::move(options.shown_default);
    field.bounds = bounds_of<T>(options);
    field.read = [member, options, bounds = field.bounds](void* section, const Value& from, std::string& problem) {
      T value{};
      if (!ValueType<T>::read(from, value, options.unit, problem)) return false;
      if (!within<T>(value, options)) {
        problem = "must be " + bounds;
        return false;
      }
      static_cast<S*>(section)->*member = std::move(value);
      return true;
    };
    schema_.fields.push_back(std::move(field));
    return *this;
  }

  // One of a few names.
  template <class E>
  Table& choice(std::string name, E S::*member, std::vector<std::pair<std::string, E>> names, TextOptions options) {
    std::string all;
    for (const auto& [text, value] : names) all.append(all.empty() ? "" : ", ").append(text);
    const auto format = [member, names](const S& section) {
      for (const auto& [text, value] : names) {
        if (value == section.*member) return text;
      }
      return std::string();
    };
    const auto parse = [member, names, all](S& section, const std::string& given, std::string& problem) {
      for (const auto& [text, value] : names) {
        if (text != given) continue;
        section.*member = value;
        return true;
      }
      problem = "must be one of: " + all;
      return false;
    };
    return text(std::move(name), "one of: " + all, parse, format, std::move(options));
  }

  // A string with a small grammar of its own: parse(section, text, problem) → bool, format(section) → string.
  template <class Parse, class Format>
  Table& text(std::string name, std::string type, Parse parse, Format format, TextOptions options) {
    Field field = described(std::move(name), options.doc, options.applies, options.required);
    field.type = std::move(type);
    field.write = [format](const void* section) -> std::optional<Value> {
      return Value::of(format(*static_cast<const S*>(section)));
    };
    const S defaults{};
    field.default_text = default_text(field.write(&defaults));
    field.read = [parse](void* section, const Value& from, std::string& problem) {
      std::string text;
      return read_text(from, text, problem) && parse(*static_cast<S*>(section), text, problem);
    };
    schema_.fields.push_back(std::move(field));
    return *this;
  }

  // A string nobody should see: as NAME = "…", or NAME_file = "/path" whose content it is. Masked in every output.
  Table& secret(std::string name, std::string S::*member, TextOptions options) {
    Field field = described(name, options.doc, options.applies, options.required);
    field.type = "secret";
    field.secret = true;
    field.default_text = default_text(std::nullopt);
    field.alternative = name + "_file";
    field.read = [member](void* section, const Value& from, std::string& problem) {
      return read_text(from, static_cast<S*>(section)->*member, problem);
    };
    field.write = [member](const void* section) -> std::optional<Value> {
      if ((static_cast<const S*>(section)->*member).empty()) return std::nullopt;
      return Value::of(static_cast<const S*>(section)->*member);
    };
    Field file = field;
    file.name = field.alternative;
    file.alternative = name;
    file.type = "path";
    file.path = true;
    file.doc = "File that holds `" + name + "`; a line end at its end does not count.";
    file.secret = false;
    file.required = false;
    file.write = nullptr;
    file.read = [member](void* section, const Value& from, std::string& problem) {
      std::string path;
      return read_text(from, path, problem) && read_secret_file(path, static_cast<S*>(section)->*member, problem);
    };
    schema_.fields.push_back(std::move(field));
    schema_.fields.push_back(std::move(file));
    return *this;
  }

  // A section of its own: [name]. `below` outlives this table (tables are function statics).
  template <class T>
  Table& table(std::string name, T S::*member, const Table<T>& below) {
    Field field = described(std::move(name), below.schema().doc, Applies::restart, false);
    field.shape = Field::Shape::table;
    field.below = &below.schema();
    field.enter = [member](void* section) -> void* { return &(static_cast<S*>(section)->*member); };
    field.count = [](const void*) -> std::size_t { return 1; };
    field.element = [member](const void* section, std::size_t) -> const void* {
      return &(static_cast<const S*>(section)->*member);
    };
    schema_.fields.push_back(std::move(field));
    return *this;
  }

  // The same, of keys whose members are this struct's own.
  Table& section(std::string name, const Table<S>& below) {
    Field field = described(std::move(name), below.schema().doc, Applies::restart, false);
    field.shape = Field::Shape::table;
    field.below = &below.schema();
    field.enter = [](void* section) { return section; };
    field.count = [](const void*) -> std::size_t { return 1; };
    field.element = [](const void* section, std::size_t) { return section; };
    schema_.fields.push_back(std::move(field));
    return *this;
  }

  // Any number of sections: [[name]]. `first` makes the element a new section starts from, for instance a copy of
  // what the section above says; keys are read in the order of the table, so put arrays that inherit last.
  template <class T>
  Table& array(std::string name, std::vector<T> S::*member, const Table<T>& below, TextOptions options,
               std::function<std::type_identity_t<T>(const S&)> first = {}) {
    Field field = described(std::move(name), options.doc.empty() ? below.schema().doc : options.doc, options.applies,
                            options.required);
    field.shape = Field::Shape::array;
    field.below = &below.schema();
    field.enter = [member, first](void* section) -> void* {
      S& above = *static_cast<S*>(section);
      (above.*member).push_back(first ? first(above) : T{});
      return &(above.*member).back();
    };
    field.count = [member](const void* section) { return (static_cast<const S*>(section)->*member).size(); };
    field.element = [member](const void* section, std::size_t index) -> const void* {
      return &(static_cast<const S*>(section)->*member)[index];
    };
    schema_.fields.push_back(std::move(field));
    return *this;
  }

  // The keys of another table as keys of this one: sections that share settings.
  template <class T>
  Table& include(T S::*member, const Table<T>& other) {
    for (Field field : other.schema().fields) {
      const auto down = [member](void* section) -> void* { return &(static_cast<S*>(section)->*member); };
      const auto down_const = [member](const void* section) -> const void* {
        return &(static_cast<const S*>(section)->*member);
      };
      if (field.read) {
        field.read = [down, inner = field.read](void* section, const Value& from, std::string& problem) {
          return inner(down(section), from, problem);
        };
      }
      if (field.write) {
        field.write = [down_const, inner = field.write](const void* section) { return inner(down_const(section)); };
      }
      if (field.enter) field.enter = [down, inner = field.enter](void* section) { return inner(down(section)); };
      if (field.count) {
        field.count = [down_const, inner = field.count](const void* section) { return inner(down_const(section)); };
      }
      if (field.element) {
        field.element = [down_const, inner = field.element](const void* section, std::size_t index) {
          return inner(down_const(section), index);
        };
      }
      schema_.fields.push_back(std::move(field));
    }
    return *this;
  }

  const Schema& schema() const { return schema_; }

 private:
  static Field described(std::string name, std::string doc, Applies applies, bool required) {
    Field field;
    field.name = std::move(name);
    field.doc = std::move(doc);
    field.applies = applies;
    field.required = required;
    return field;
  }

  template <class T>
  static std::string bounds_of(const KeyOptions<T>& options) {
    const auto text = [&](const std::optional<Bound<T>>& bound) -> std::optional<Value> {
      return bound ? ValueType<Bound<T>>::write(*bound, options.unit) : std::nullopt;
    };
    if constexpr (std::is_same_v<Bound<T>, std::size_t> && !std::is_same_v<T, std::size_t>) {
      if (options.min == Bound<T>{1} && !options.max && *BoundOf<T>::suffix) return "not empty";
    }
    std::string bounds = bounds_text(text(options.min), text(options.max));
    if (!bounds.empty()) bounds.append(BoundOf<T>::suffix);
    return bounds;
  }

  template <class T>
  static bool within(const T& value, const KeyOptions<T>& options) {
    if constexpr (requires(Bound<T> bound) { bound < bound; }) {
      const Bound<T> measure = BoundOf<T>::measure(value);
      return !(options.min && measure < *options.min) && !(options.max && *options.max < measure);
    }
    return true;
  }

  Schema schema_;
};

}  // namespace skerry::config
