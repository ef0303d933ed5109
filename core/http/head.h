// HTTP message heads: method, status, fields. Protocol-neutral (HTTP/1.1 and HTTP/2 build and render the same types).
//
// A HeaderMap keeps fields in order and in the case they came in, its bytes in one buffer of its own, so that a
// connection can reuse it for every request without allocating. Views that it returns live until the next change of the
// map.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::http {

// Fields that the programs look at. The enumerator is the name with '-' as '_'; `name()` gives the canonical case.
// Anything else is HeaderId::other and found by its name.
// clang-format off
#define SKERRY_HEADERS(X) \
  X(accept, "Accept") X(accept_encoding, "Accept-Encoding") X(accept_language, "Accept-Language") \
  X(accept_ranges, "Accept-Ranges") X(age, "Age") X(allow, "Allow") X(authorization, "Authorization") \
  X(cache_control, "Cache-Control") X(cache_status, "Cache-Status") X(cdn_cache_control, "CDN-Cache-Control") \
  X(cdn_loop, "CDN-Loop") X(connection, "Connection") X(content_encoding, "Content-Encoding") \
  X(content_length, "Content-Length") X(content_location, "Content-Location") \
  X(content_range, "Content-Range") X(content_type, "Content-Type") X(cookie, "Cookie") X(date, "Date") \
  X(etag, "ETag") X(expect, "Expect") X(expires, "Expires") X(forwarded, "Forwarded") X(host, "Host") \
  X(if_match, "If-Match") X(if_modified_since, "If-Modified-Since") X(if_none_match, "If-None-Match") \
  X(if_range, "If-Range") X(if_unmodified_since, "If-Unmodified-Since") X(keep_alive, "Keep-Alive") \
  X(last_modified, "Last-Modified") X(location, "Location") X(origin, "Origin") X(pragma, "Pragma") \
  X(proxy_authenticate, "Proxy-Authenticate") X(proxy_authentication_info, "Proxy-Authentication-Info") \
  X(proxy_authorization, "Proxy-Authorization") X(proxy_connection, "Proxy-Connection") \
  X(proxy_status, "Proxy-Status") X(range, "Range") X(referer, "Referer") X(retry_after, "Retry-After") \
  X(server, "Server") X(set_cookie, "Set-Cookie") X(surrogate_control, "Surrogate-Control") \
  X(surrogate_capability, "Surrogate-Capability") X(surrogate_key, "Surrogate-Key") X(te, "TE") X(trailer, "Trailer") \
  X(transfer_encoding, "Transfer-Encoding") X(upgrade, "Upgrade") X(user_agent, "User-Agent") X(vary, "Vary") \
  X(via, "Via") X(warning, "Warning") X(x_cache, "X-Cache") X(x_forwarded_for, "X-Forwarded-For") \
  X(x_forwarded_host, "X-Forwarded-Host") X(x_forwarded_proto, "X-Forwarded-Proto") \
  X(x_request_id, "X-Request-ID") X(skerry_peer, "Skerry-Peer") X(skerry_answer, "Skerry-Answer")
// clang-format on

enum class HeaderId : std::uint8_t {
  other = 0,
#define X(id, text) id,
  SKERRY_HEADERS(X)
#undef X
};

std::string_view name(HeaderId);
// Case-insensitive; HeaderId::other if it is none of ours.
HeaderId header_id(std::string_view name);
// ASCII case-insensitive comparison (RFC 9110 5.1).
bool equals_ignoring_case(std::string_view a, std::string_view b);

class HeaderMap {
 public:
  struct Field {
    HeaderId id;
    std::string_view name;
    std::string_view value;
  };

  // Appends; names and values are copied. The caller has validated them (h1 parser, nghttp2) or owns them.
  void add(HeaderId, std::string_view value);
  void add(std::string_view name, std::string_view value);
  // The same for a caller that knows the id: `id` == header_id(name).
  void add(HeaderId id, std::string_view name, std::string_view value);
  // Replaces all fields of that name by one.
  void set(HeaderId, std::string_view value);
  void set(std::string_view name, std::string_view value);
  // Returns how many were removed.
  std::size_t remove(HeaderId);
  std::size_t remove(std::string_view name);
  void clear();

  // The first one's value.
  std::optional<std::string_view> find(HeaderId) const;
  std::optional<std::string_view> find(std::string_view name) const;
  bool contains(HeaderId id) const { return find(id).has_value(); }
  std::size_t count(HeaderId) const;
  // All values of the field joined with ", " (RFC 9110 5.3); empty if there is none.
  std::string joined(HeaderId) const;
  std::string joined(std::string_view name) const;

  std::size_t size() const { return fields_.size(); }
  Field operator[](std::size_t index) const;
  // Bytes of all names and values: what limits are about.
  std::size_t text_size() const { return text_size_; }

  class Iterator {
   public:
    Iterator(const HeaderMap* map, std::size_t index) : map_(map), index_(index) {}
    Field operator*() const { return (*map_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const HeaderMap* map_;
    std::size_t index_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, fields_.size()}; }

 private:
  struct Entry {
    HeaderId id;
    std::uint32_t name_size;
    std::uint32_t name_at;  // offsets into text_; a name in its canonical case is not copied there (canonical_name)
    std::uint32_t value_at;
    std::uint32_t value_size;
  };
  static constexpr std::uint32_t canonical_name = 0xffffffff;
  friend void remove_hop_by_hop(HeaderMap&);

  std::uint32_t keep(std::string_view text);
  std::string_view name_of(const Entry&) const;
  std::string_view value_of(const Entry& entry) const {
    return std::string_view(text_).substr(entry.value_at, entry.value_size);
  }
  bool matches(const Entry& entry, HeaderId id, std::string_view name) const;
  template <class Matches>
  std::size_t remove_if(std::size_t from, Matches matches);
  void replace(HeaderId id, std::string_view name, std::string_view value);
  std::string join(HeaderId id, std::string_view name) const;

  std::string text_;  // bytes of removed fields stay until clear()
  std::vector<Entry> fields_;
  std::size_t text_size_ = 0;
};

enum class Version : std::uint8_t { http_1_0, http_1_1, http_2 };
enum class Scheme : std::uint8_t { http, https };
std::string_view name(Scheme);

// The standard methods by number, others by text. Unknown methods are passed through (RFC 9110 9.1).
enum class Method : std::uint8_t { get, head, post, put, delete_, options, patch, trace, connect, other };
Method method_of(std::string_view token);
bool is_safe(Method);        // RFC 9110 9.2.1
bool is_idempotent(Method);  // RFC 9110 9.2.2

struct RequestHead {
  Method method = Method::get;
  std::string method_text = "GET";  // as sent; methods are case-sensitive
  Scheme scheme = Scheme::http;
  std::string authority;  // host[:port] from Host, absolute-form or :authority; lower case, default port removed
  std::string path;       // origin-form target: path and query, as sent; "*" for OPTIONS *
  Version version = Version::http_1_1;
  HeaderMap fields;  // without Host, which `authority` replaces

  void clear();
};

struct ResponseHead {
  int status = 200;
  std::string reason;  // as received; empty: the standard phrase
  Version version = Version::http_1_1;
  HeaderMap fields;

  void clear();
};

// The standard phrase for a status, for instance "Not Found"; "Unknown" if there is none.
std::string_view reason_phrase(int status);

// How a body ends on the wire, protocol-neutral.
struct BodyLength {
  enum class Kind : std::uint8_t { none, known, unknown } kind = Kind::none;
  std::uint64_t size = 0;  // for `known`

  static BodyLength none() { return {}; }
  static BodyLength known(std::uint64_t size) { return {Kind::known, size}; }
  static BodyLength unknown() { return {Kind::unknown, 0}; }
};

// Fields that never pass a proxy (RFC 9110 7.6.1): Connection and what it names, Keep-Alive, Proxy-*, TE,
// Transfer-Encoding, Upgrade.
void remove_hop_by_hop(HeaderMap&);

}  // namespace skerry::http
