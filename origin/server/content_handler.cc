#include "origin/server/content_handler.h"

#include "origin/server/byte_ranges.h"
#include "origin/server/generated.h"
#include "origin/server/preconditions.h"

namespace skerry::origin {

namespace {

constexpr std::uint64_t too_much = 7;  // bytes announced beyond what comes, with wrong-length
constexpr core::Duration longest_hang = std::chrono::hours(1);

bool reads(const http::RequestHead& request) {
  return request.method == http::Method::get || request.method == http::Method::head;
}

bool has_body(const http::RequestHead& request, int status) {
  return request.method != http::Method::head && status != 204 && status != 304;
}

}  // namespace

ContentHandler::ContentHandler(const OriginContent& content, http::ResponseSink& sink)
    : content_(content),
      sink_(sink),
      link_(std::make_shared<Link>(Link{this})),
      pump_(sink, content.files, content.limits.response_buffer),
      delay_(sink.worker().loop, [this] { answer(); }) {}

ContentHandler::~ContentHandler() {
  link_->handler = nullptr;
}

void ContentHandler::on_request(http::RequestHead& head, http::BodyLength) {
  content_.counts.add(head.path);
  request_ = head;
  if (content_.options.log) client_ = sink_.connection().client.to_string();
  const std::string_view target = request_.path;
  path_ = decode_percent(target.substr(0, target.find('?')), false).value_or("");
  if (content_.options.faults) faults_ = faults_of(request_);
  if (const auto expected = request_.fields.find(http::HeaderId::expect)) {
    http::ResponseHead go_on;
    go_on.status = 100;
    if (http::equals_ignoring_case(*expected, "100-continue")) sink_.send_interim(go_on);
  }
  if (path_ == "/_echo" || path_.starts_with("/_echo/")) echo_.emplace(sink_, request_);
}

void ContentHandler::on_request_body(core::Chunk chunk) {
  if (echo_) return echo_->body(std::move(chunk));
  sink_.consume(chunk.size());
}

void ContentHandler::on_request_end(const http::HeaderMap&) {
  if (echo_ && echo_->tunnel()) return echo_->finish_tunnel();
  if (faults_.hang) return delay_.arm(longest_hang);
  if (faults_.interim) {
    http::ResponseHead interim;
    interim.status = *faults_.interim;
    if (interim.status == 103) interim.fields.add("Link", "</style.css>; rel=preload; as=style");
    sink_.send_interim(interim);
  }
  if (faults_.delay.count() > 0) return delay_.arm(faults_.delay);
  answer();
}

void ContentHandler::on_writable() {
  if (echo_) return echo_->on_writable();
  pump_.resume();
}

std::string ContentHandler::log_line() const {
  return client_ + " " + request_.method_text + " " + request_.path + " " + std::to_string(status_);
}

void ContentHandler::answer() {
  if (faults_.hang) return sink_.abort();
  if (faults_.garbage) return send_garbage();
  if (faults_.status) return answer_with_status();
  if (path_.empty()) return send_text(400, "not a path\n");
  if (echo_) return send_text(200, echo_->text(request_));
  if (reads(request_)) return answer_path();
  http::ResponseHead head;
  head.status = request_.method == http::Method::options ? 204 : 405;
  head.fields.add(http::HeaderId::allow, "GET, HEAD, OPTIONS");
  send_head(head, head.status == 204 ? http::BodyLength::none() : http::BodyLength::known(0));
  sink_.finish();
}

void ContentHandler::answer_with_status() {
  http::ResponseHead head;
  head.status = *faults_.status;
  head.fields.add(http::HeaderId::content_type, "text/plain; charset=utf-8");
  if (const auto value = cache_control_for(content_.options, path_); !value.empty() && head.status < 400) {
    head.fields.add(http::HeaderId::cache_control, value);
  }
  const std::string text = "status " + std::to_string(head.status) + "\n";
  const bool body = has_body(request_, head.status);
  send_head(head, body || request_.method == http::Method::head ? http::BodyLength::known(text.size())
                                                                : http::BodyLength::none());
  if (body) sink_.send_body(core::Chunk::copy_of(text));
  sink_.finish();
}

void ContentHandler::answer_path() {
  if (const auto size = generated_size(path_)) {
    return send_representation(generated_representation(path_, *size), path_);
  }
  if (!content_.root) return send_text(404, "no such path, and no --root\n");
  find_file(path_);
}

void ContentHandler::find_file(std::string path) {
  core::EventLoop& loop = sink_.worker().loop;
  auto find = [link = link_, root = content_.root, &loop, path = std::move(path)]() mutable {
    loop.post([link = std::move(link), found = root->find(path)]() mutable {
      if (link->handler) link->handler->on_found(std::move(found));
    });
  };
  if (!content_.files.submit(std::move(find))) send_text(503, "too many files are being opened\n");
}

void ContentHandler::on_found(core::Result<DocumentRoot::Found> found) {
  if (!found) {
    const core::ErrorCode code = found.error().code;
    if (code == core::ErrorCode::not_found) return send_text(404, "no such path\n");
    if (code == core::ErrorCode::permission_denied) return send_text(403, "not readable\n");
    return send_text(code == core::ErrorCode::limit_exceeded ? 503 : 500, "cannot read the file\n");
  }
  if (found->file) {
    // The rules are about files: "/" is ruled by what is said of index.html.
    return send_representation(file_representation(found->file, found->name), "/" + found->name);
  }
  // A directory: its relative links only work below the final slash. The target is sent back as it came, so nothing
  // unencoded gets into the field; a second slash would make it another host (RFC 3986 4.2).
  const std::string_view target = request_.path;
  if (target.starts_with("//")) return send_text(404, "no such path\n");
  http::ResponseHead head;
  head.status = 301;
  const std::size_t query = std::min(target.find('?'), target.size());
  head.fields.add(http::HeaderId::location,
                  std::string(target.substr(0, query)) + "/" + std::string(target.substr(query)));
  send_head(head, http::BodyLength::known(0));
  sink_.finish();
}

void ContentHandler::send_representation(const Representation& representation, std::string_view ruled_as) {
  http::ResponseHead head;
  head.fields = describe(representation, cache_control_for(content_.options, ruled_as));
  apply_header_faults(head.fields);
  head.status = evaluate_preconditions(request_, head.fields);
  if (head.status == 412) return send_text(412, "precondition failed\n");
  if (head.status == 304) {
    head.fields.remove(http::HeaderId::content_type);
    send_head(head, http::BodyLength::none());
    return sink_.finish();
  }
  const RangeAnswer ranges = ranges_of(request_, head.fields, representation.size);
  if (ranges.kind == RangeAnswer::Kind::unsatisfiable) {
    head.status = 416;
    head.fields = {};
    head.fields.add(http::HeaderId::content_range, "bytes */" + std::to_string(representation.size));
    send_head(head, http::BodyLength::known(0));
    return sink_.finish();
  }
  if (ranges.kind == RangeAnswer::Kind::partial) head.status = 206;
  BodyPlan plan = plan_body(representation, ranges, head.fields);
  const std::uint64_t announced = plan.size + (faults_.wrong_length ? too_much : 0);
  send_head(head, faults_.no_length ? http::BodyLength::unknown() : http::BodyLength::known(announced));
  if (!has_body(request_, head.status)) return sink_.finish();
  pump_.start(representation.source, std::move(plan.pieces), {faults_.slow, faults_.close, faults_.wrong_length});
}

void ContentHandler::send_text(int status, std::string text) {
  http::ResponseHead head;
  head.status = status;
  head.fields.add(http::HeaderId::content_type, "text/plain; charset=utf-8");
  if (status == 200) head.fields.add(http::HeaderId::cache_control, "no-store");
  send_head(head, http::BodyLength::known(text.size()));
  if (has_body(request_, status)) sink_.send_body(core::Chunk::copy_of(text));
  sink_.finish();
}

void ContentHandler::send_head(http::ResponseHead& head, http::BodyLength length) {
  status_ = head.status;
  head.fields.add(http::HeaderId::server, "skerry-origin");
  apply_header_faults(head.fields);
  sink_.send_head(head, length);
}

// Field names with control characters: the driver renders what a handler gives it, and no parser may take this.
void ContentHandler::send_garbage() {
  http::ResponseHead head;
  head.fields.add("\x01\x02 not a field \x7f", "\x03");
  status_ = head.status;
  sink_.send_head(head, http::BodyLength::known(0));
  sink_.finish();
}

void ContentHandler::apply_header_faults(http::HeaderMap& fields) const {
  for (const auto& [name, value] : faults_.headers) fields.remove(name);
  for (const auto& [name, value] : faults_.headers) {
    if (!value.empty()) fields.add(name, value);
  }
}

}  // namespace skerry::origin
