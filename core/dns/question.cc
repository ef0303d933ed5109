#include "core/dns/question.h"

#include <array>

#include "core/dns/writer.h"

namespace skerry::dns {
namespace {

core::Error failure(core::ErrorCode code, std::string detail) {
  return {code, core::ErrorSource::upstream, true, std::move(detail)};
}

// Letters in upper or lower case by chance: a forger has to repeat it (draft-vixie-dnsext-dns0x20).
Name random_case(const Name& name, core::Random& random) {
  Name result;
  const std::string_view wire = name.wire();
  std::uint64_t bits = 0;
  int left = 0;
  for (std::size_t at = 0; wire[at] != '\0';) {
    const auto size = static_cast<unsigned char>(wire[at]);
    std::array<char, Name::max_label> label;
    for (std::size_t i = 0; i < size; ++i) {
      if (left == 0) bits = random.next(), left = 64;
      const char c = lower(wire[at + 1 + i]);
      const bool upper = c >= 'a' && c <= 'z' && (bits & 1);
      label[i] = upper ? static_cast<char>(c - ('a' - 'A')) : c;
      bits >>= 1;
      --left;
    }
    result.append({label.data(), size});
    at += 1u + size;
  }
  return result;
}

}  // namespace

Question::Question(const core::Worker& worker, std::shared_ptr<const ServerPolicy> policy, Name name, Type type,
                   Done done)
    : worker_(worker),
      policy_(std::move(policy)),
      name_(name),
      type_(type),
      done_(std::move(done)),
      last_error_(failure(core::ErrorCode::dns_failed, "no name server is configured")),
      result_(last_error_),
      step_(worker.loop, [this] { advance(); }),
      timer_(worker.loop, [this] { on_timeout(); }) {
  step_.schedule();
}

const core::Address& Question::server() const {
  return policy_->servers[(tries_ - 1) % policy_->servers.size()];
}

void Question::advance() {
  switch (next_) {
    case Next::try_next: return try_next();
    case Next::use_tcp: return ask_by_tcp();
    case Next::report: break;
  }
  datagram_.reset();
  stream_.reset();
  Done done = std::move(done_);
  core::Result<Answer> result = std::move(result_);
  done(std::move(result));  // may destroy this
}

void Question::try_next() {
  datagram_.reset();
  stream_.reset();
  if (tries_ == policy_->servers.size() * static_cast<std::size_t>(policy_->attempts)) return finish(last_error_);
  ++tries_;
  timer_.arm(policy_->timeout);
  ask_by_udp();
}

void Question::ask_by_udp() {
  id_ = static_cast<std::uint16_t>(worker_.random.next());
  asked_ = random_case(name_, worker_.random);
  sent_.resize(2 + header_size + Name::max_size + 4);
  MessageWriter writer(std::span<std::byte>(sent_).subspan(2));
  writer.header(id_, flag_recursion_desired);
  CHECK(writer.question(asked_, type_, Class::in));
  const std::size_t size = writer.finish();
  sent_.resize(2 + size);
  sent_[0] = static_cast<std::byte>(size >> 8);
  sent_[1] = static_cast<std::byte>(size);

  const bool v4 = server().ip.family() == core::AddressFamily::ipv4;
  const core::IpAddress any = v4 ? core::IpAddress() : core::IpAddress::v6({});
  auto bound = worker_.network.bind_datagram({any, 0}, *this);
  if (!bound.ok()) return give_up_on_server(failure(core::ErrorCode::dns_failed, bound.error().message()));
  datagram_ = std::move(bound).value();
  datagram_->send(std::span(sent_).subspan(2), server());
}

void Question::ask_by_tcp() {
  datagram_.reset();
  written_ = 0;
  received_.clear();
  stream_ = worker_.network.connect(server(), {}, *this);
}

void Question::on_datagram(std::span<const std::byte> packet, const core::Address& from) {
  if (from == server() && !step_.scheduled()) judge(packet, false);
}

void Question::on_connected(core::Result<void> connected) {
  if (!connected.ok()) return give_up_on_server(failure(core::ErrorCode::dns_failed, connected.error().message()));
  write_tcp();
}

void Question::write_tcp() {
  while (written_ < sent_.size()) {
    const iovec part{sent_.data() + written_, sent_.size() - written_};
    const core::IoResult result = stream_->write({&part, 1});
    if (result.status == core::IoStatus::would_block) break;
    if (result.status != core::IoStatus::ok)
      return give_up_on_server(failure(core::ErrorCode::dns_failed, "TCP write"));
    written_ += result.bytes;
  }
  stream_->watch(true, written_ < sent_.size());
}

void Question::on_writable() {
  if (!step_.scheduled()) write_tcp();
}

void Question::on_readable() {
  if (step_.scheduled()) return;
  std::array<std::byte, 4096> buffer;
  const core::IoResult result = stream_->read(buffer);
  if (result.status == core::IoStatus::would_block) return;
  if (result.status != core::IoStatus::ok) {
    return give_up_on_server(failure(core::ErrorCode::dns_failed, "the server closed the TCP connection"));
  }
  received_.insert(received_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(result.bytes));
  take_tcp_answer();
}

// The length bytes bound what is kept to 64 KiB plus one read (RFC 7766 8).
bool Question::take_tcp_answer() {
  if (received_.size() < 2) return false;
  const std::size_t size = std::to_integer<std::size_t>(received_[0]) << 8 | std::to_integer<std::size_t>(received_[1]);
  if (received_.size() < 2 + size) return false;
  judge(std::span(received_).subspan(2, size), true);
  return true;
}

bool Question::is_ours(const Response& response) const {
  return response.id == id_ && response.type == type_ && response.klass == Class::in && response.name == asked_;
}

void Question::judge(std::span<const std::byte> packet, bool over_tcp) {
  auto read = read_response(packet);
  if (!read.ok()) {
    if (over_tcp) give_up_on_server(read.error());
    return;  // over UDP anyone may have sent it: the true answer may still come
  }
  if (!is_ours(read.value())) {
    if (over_tcp) give_up_on_server(failure(core::ErrorCode::dns_malformed, "an answer to another question"));
    return;
  }
  const bool same_case = read->name.wire() == asked_.wire();
  if (!over_tcp && (read->truncated() || !same_case)) {
    next_ = Next::use_tcp;
    return step_.schedule();
  }
  if (read->rcode != Rcode::no_error && read->rcode != Rcode::name_error) {
    const std::string detail = server().to_string() + " answered " + std::string(dns::name(read->rcode));
    return give_up_on_server(failure(core::ErrorCode::dns_failed, detail));
  }
  finish(Answer{{packet.begin(), packet.end()}, std::move(read).value()});
}

void Question::on_timeout() {
  give_up_on_server(failure(core::ErrorCode::dns_timeout, server().to_string() + " did not answer"));
}

void Question::give_up_on_server(core::Error error) {
  timer_.cancel();
  last_error_ = std::move(error);
  next_ = Next::try_next;
  step_.schedule();
}

void Question::finish(core::Result<Answer> result) {
  timer_.cancel();
  result_ = std::move(result);
  next_ = Next::report;
  step_.schedule();
}

}  // namespace skerry::dns
