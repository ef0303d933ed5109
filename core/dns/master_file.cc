#include "core/dns/master_file.h"

#include <optional>

namespace skerry::dns {
namespace {

// One file: what the lines before the present one have settled.
class MasterReader {
 public:
  MasterReader(std::string_view text, const Name& origin) : entries_(text), origin_(origin) {}

  enum class Step { record, directive, problem, end };
  Step next(MasterRecord& record, TextProblem& problem) {
    const auto read = entries_.next(entry_, problem);
    if (read == EntryReader::Result::end) return Step::end;
    if (read == EntryReader::Result::problem) return Step::problem;
    rest_ = entry_.tokens;
    problem_ = &problem;
    const Token& first = rest_.front();
    if (!entry_.blank_owner && !first.quoted && first.text.starts_with('$')) {
      return directive() ? Step::directive : Step::problem;
    }
    return read_record(record) ? Step::record : Step::problem;
  }

 private:
  bool fail(const Token& at, std::string message) {
    *problem_ = {at.place, std::move(message)};
    return false;
  }
  bool missing(const char* what) { return fail(entry_.tokens.back(), std::string(what) + " is missing behind this"); }

  bool directive() {
    const Token& word = rest_.front();
    if (equal_ignoring_case(word.text, "$INCLUDE")) return fail(word, "$INCLUDE is not allowed: a zone is one file");
    const bool origin = equal_ignoring_case(word.text, "$ORIGIN");
    if (!origin && !equal_ignoring_case(word.text, "$TTL")) {
      return fail(word, "only $ORIGIN and $TTL are known here");
    }
    if (rest_.size() < 2) return missing(origin ? "the name" : "the time");
    if (rest_.size() > 2) return fail(rest_[2], "more than one word");
    return origin ? set_origin(rest_[1]) : set_ttl(rest_[1]);
  }

  bool set_origin(const Token& token) {
    const auto name = read_name_text(token, origin_);
    if (!name.ok()) return fail(token, name.error().detail);
    origin_ = name.value();
    return true;
  }

  bool set_ttl(const Token& token) {
    std::uint32_t ttl = 0;
    if (!read_ttl(token.text, ttl)) return fail(token, "must be a time such as 3600 or 1h30m");
    default_ttl_ = ttl;
    return true;
  }

  bool read_record(MasterRecord& record) {
    record.place = rest_.front().place;
    if (!entry_.blank_owner && !read_owner()) return false;
    if (!owner_) return fail(rest_.front(), "the first record needs an owner name");
    std::optional<std::uint32_t> ttl;
    if (!read_ttl_and_class(ttl) || !read_type(record.type)) return false;
    if (ttl) last_ttl_ = ttl;
    const auto effective = ttl ? ttl : default_ttl_ ? default_ttl_ : last_ttl_;
    if (!effective) return fail(entry_.tokens.front(), "no TTL: give $TTL or one in front of the type");
    record.owner = *owner_;
    record.ttl = *effective;
    return read_rdata(record.type, {rest_, entry_.tokens.back().place}, origin_, record.data, *problem_);
  }

  bool read_owner() {
    const auto name = read_name_text(rest_.front(), origin_);
    if (!name.ok()) return fail(rest_.front(), name.error().detail);
    owner_ = name.value();
    rest_ = rest_.subspan(1);
    return true;
  }

  // In either order, each at most once.
  bool read_ttl_and_class(std::optional<std::uint32_t>& ttl) {
    bool class_seen = false;
    for (; !rest_.empty(); rest_ = rest_.subspan(1)) {
      const Token& token = rest_.front();
      std::uint32_t seconds = 0;
      if (!class_seen && equal_ignoring_case(token.text, "IN")) {
        class_seen = true;
      } else if (!ttl && read_ttl(token.text, seconds)) {
        ttl = seconds;
      } else {
        return true;
      }
    }
    return missing("the type");
  }

  bool read_type(Type& type) {
    const Token& token = rest_.front();
    if (equal_ignoring_case(token.text, "CH") || equal_ignoring_case(token.text, "HS")) {
      return fail(token, "only class IN is served");
    }
    const auto parsed = parse_type(token.text);
    if (!parsed)
      return fail(token, "\"" + std::string(token.text) + "\" is no type known here: TYPEnnn \\# works for all");
    if (!is_data_type(*parsed)) return fail(token, type_name(*parsed) + " is no type that a zone can hold");
    type = *parsed;
    rest_ = rest_.subspan(1);
    return true;
  }

  EntryReader entries_;
  Entry entry_;
  std::span<const Token> rest_;
  TextProblem* problem_ = nullptr;
  Name origin_;
  std::optional<Name> owner_;
  std::optional<std::uint32_t> default_ttl_, last_ttl_;
};

}  // namespace

void read_master_file(std::string_view text, const Name& origin, const std::function<void(const MasterRecord&)>& take,
                      std::vector<TextProblem>& problems) {
  MasterReader reader(text, origin);
  MasterRecord record;
  while (problems.size() < most_text_problems) {
    TextProblem problem;
    const auto step = reader.next(record, problem);
    if (step == MasterReader::Step::end) return;
    if (step == MasterReader::Step::record) take(record);
    if (step == MasterReader::Step::problem) problems.push_back(std::move(problem));
  }
}

}  // namespace skerry::dns
