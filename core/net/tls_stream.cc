#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/loop/deferred_call.h"
#include "core/net/last_bytes.h"
#include "core/net/tls_context.h"

namespace skerry::core {
namespace {

constexpr std::size_t record_size = 16 * 1024;
// The first records of a connection fit in a few packets, so that the receiver can use them before the rest arrives.
constexpr std::size_t first_record_size = 4 * 1024;
constexpr std::size_t warm_up = 64 * 1024;
// One write() encrypts at most this much: it bounds what waits in memory for a slow receiver.
constexpr std::size_t write_size = 64 * 1024;
// A peer that makes us answer (key updates) without reading the answers is not listened to beyond this.
constexpr std::size_t outgoing_limit = 256 * 1024;

// Between OpenSSL and the transport stands a BIO: it reads straight from the transport, and collects what is to be sent
// in `outgoing_`, so that all records of one write leave in one transport write.
class TlsStream final : public Stream, private StreamEvents {
 public:
  enum class Role : std::uint8_t { client, server };

  TlsStream(EventLoop& loop, std::unique_ptr<Stream> transport, std::shared_ptr<const TlsContext> context, Role role,
            StreamEvents& events);
  ~TlsStream() override;
  // The name for SNI and verification; what is wrong with it is told through on_connected.
  void set_server_name(std::string_view name);

  void set_events(StreamEvents& events) override { events_ = &events; }
  IoResult read(std::span<std::byte> buffer) override;
  IoResult write(std::span<const iovec> parts) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override;
  void abort() override;
  const Error& error() const override { return error_; }
  const Address& peer_address() const override { return transport_->peer_address(); }
  const Address& local_address() const override { return transport_->local_address(); }
  bool identified() const override { return transport_->identified(); }
  const TlsInfo* tls() const override { return state_ == State::open || state_ == State::ended ? &info_ : nullptr; }

 private:
  enum class State : std::uint8_t { handshake, open, ended, dead };
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  // Turns the parts of one write into records. Small parts (a head, a short body) share one; a long part is encrypted
  // where it lies.
  class Records {
   public:
    explicit Records(TlsStream& stream) : stream_(stream) {}
    // Returns whether there is room for more.
    bool add(std::span<const std::byte> part);
    void finish();
    std::size_t total() const { return total_; }

   private:
    void encrypt(std::span<const std::byte> plain);

    TlsStream& stream_;
    std::size_t total_ = 0;
    std::size_t held_ = 0;
    bool good_ = true;
    std::byte gathered_[record_size];
  };

  static const BIO_METHOD* bio_method();
  static int bio_read(BIO*, char* to, int size);
  static int bio_write(BIO*, const char* from, int size);
  static long bio_control(BIO*, int command, long, void*);
  int read_transport(BIO*, std::span<std::byte> to);

  // The transport's events.
  void on_connected(Result<void>) override;
  void on_readable() override;
  void on_writable() override;

  void continue_handshake();
  void finish_handshake();
  void tell_failure(Error);
  std::size_t record_size_now() const { return encrypted_ < warm_up ? first_record_size : record_size; }
  IoResult encrypt(std::span<const std::byte> plain);
  bool flush();
  void update_watch();
  void notify_again();
  IoResult failed(int result);
  Error describe_failure();
  Error make_error(ErrorCode, std::string detail, bool retryable) const;

  std::unique_ptr<Stream> transport_;
  const std::shared_ptr<const OpenSslContext> context_;
  EventLoop& loop_;
  StreamEvents* events_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::vector<std::byte> outgoing_;
  std::size_t outgoing_sent_ = 0;
  TlsInfo info_;
  Error error_;
  std::optional<Error> start_error_;
  std::size_t encrypted_ = 0;
  DeferredCall again_;
  const Role role_;
  State state_ = State::handshake;
  bool wants_readable_ = true;
  bool wants_writable_ = false;
  bool transport_drained_ = false;    // the last read got less than it had room for
  bool transport_ended_ = false;      // FIN
  bool transport_failed_ = false;     // see transport_->error()
  bool more_inside_ = false;          // a read filled its buffer, and OpenSSL holds more
  bool read_waits_for_room_ = false;  // reading must answer first, and outgoing_ is full
  bool close_notify_sent_ = false;
  bool fin_due_ = false;  // shutdown_write() waits for outgoing_ to leave
  bool aborted_ = false;
};

// Buffers of connections with nothing to send are passed around the thread instead of being kept by each.
thread_local std::vector<std::byte> spare_outgoing;

TlsStream::TlsStream(EventLoop& loop, std::unique_ptr<Stream> transport, std::shared_ptr<const TlsContext> context,
                     Role role, StreamEvents& events)
    : transport_(std::move(transport)),
      context_(std::static_pointer_cast<const OpenSslContext>(std::move(context))),
      loop_(loop),
      events_(&events),
      ssl_(SSL_new(context_->contexts.front().get())),
      again_(loop, [this] { notify_again(); }),
      role_(role) {
  CHECK(ssl_ != nullptr);
  BIO* bio = BIO_new(bio_method());
  CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  role == Role::client ? SSL_set_connect_state(ssl_.get()) : SSL_set_accept_state(ssl_.get());
  transport_->set_events(*this);
}

TlsStream::~TlsStream() {
  if (aborted_ || state_ == State::handshake || state_ == State::dead) return;
  if (!close_notify_sent_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    flush();
  }
  if (outgoing_.empty() || state_ == State::dead) return;
  outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<std::ptrdiff_t>(outgoing_sent_));
  send_last_bytes(loop_, std::move(transport_), std::move(outgoing_));
}

void TlsStream::set_server_name(std::string_view name) {
  const std::string text(name);
  const bool is_address = IpAddress::parse(name).ok();
  bool good = true;
  if (!is_address && !text.empty()) good = SSL_set_tlsext_host_name(ssl_.get(), text.c_str()) == 1;
  if (context_->verify_peer_name && good) {
    auto* parameters = SSL_get0_param(ssl_.get());
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    // Without a name OpenSSL would check none.
    good = !text.empty() && (is_address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, text.c_str())
                                        : X509_VERIFY_PARAM_set1_host(parameters, text.data(), text.size())) == 1;
  }
  if (!good) start_error_ = make_error(ErrorCode::tls_verify, "\"" + text + "\" cannot be verified as a name", false);
}

const BIO_METHOD* TlsStream::bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "skerry stream");
    CHECK(made != nullptr);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

int TlsStream::bio_read(BIO* bio, char* to, int size) {
  auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  return stream.read_transport(bio, std::as_writable_bytes(std::span(to, static_cast<std::size_t>(size))));
}

int TlsStream::read_transport(BIO* bio, std::span<std::byte> to) {
  BIO_clear_retry_flags(bio);
  if (transport_ended_ || transport_failed_) return 0;
  // After a short read another one would find nothing: it is not made.
  const IoResult result = transport_drained_ ? IoResult{} : transport_->read(to);
  transport_ended_ = result.status == IoStatus::end;
  transport_failed_ = result.status == IoStatus::error;
  transport_drained_ = result.bytes < to.size();
  if (result.status == IoStatus::ok) return static_cast<int>(result.bytes);
  if (result.status != IoStatus::would_block) return 0;
  BIO_set_retry_read(bio);
  return -1;
}

int TlsStream::bio_write(BIO* bio, const char* from, int size) {
  auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (stream.outgoing_.size() > outgoing_limit) {
    BIO_set_retry_write(bio);
    return -1;
  }
  if (stream.outgoing_.capacity() == 0) stream.outgoing_.swap(spare_outgoing);
  const auto bytes = std::as_bytes(std::span(from, static_cast<std::size_t>(size)));
  stream.outgoing_.insert(stream.outgoing_.end(), bytes.begin(), bytes.end());
  return size;
}

long TlsStream::bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return static_cast<TlsStream*>(BIO_get_data(bio))->transport_ended_ ? 1 : 0;
  return 0;
}

void TlsStream::on_connected(Result<void> result) {
  if (!result) return tell_failure(result.error());
  if (start_error_) return tell_failure(*start_error_);
  continue_handshake();
}

void TlsStream::on_readable() {
  transport_drained_ = false;
  if (state_ == State::handshake) return continue_handshake();
  events_->on_readable();
}

void TlsStream::on_writable() {
  const bool shaking_hands = state_ == State::handshake;
  const bool flushed = flush();
  if (shaking_hands) return state_ == State::dead ? tell_failure(Error(error_)) : continue_handshake();
  if (state_ != State::dead && !flushed) return;
  if (flushed && std::exchange(read_waits_for_room_, false)) again_.schedule();
  update_watch();
  if (wants_writable_) events_->on_writable();
}

void TlsStream::continue_handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  const int status = SSL_get_error(ssl_.get(), result);
  if (result == 1) return finish_handshake();
  if (status == SSL_ERROR_WANT_READ || status == SSL_ERROR_WANT_WRITE) {
    flush();
    if (state_ == State::dead) return tell_failure(Error(error_));
    return update_watch();
  }
  Error error = describe_failure();
  flush();  // the alert
  tell_failure(std::move(error));
}

void TlsStream::finish_handshake() {
  state_ = State::open;
  flush();
  if (state_ == State::dead) return tell_failure(Error(error_));
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  info_.protocol = SSL_get_version(ssl_.get());
  info_.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  info_.server_name = name ? lower_case(name) : "";
  // The first request may have come together with the end of the handshake.
  more_inside_ = SSL_has_pending(ssl_.get()) == 1;
  update_watch();
  events_->on_connected({});
}

void TlsStream::tell_failure(Error error) {
  state_ = State::dead;
  error_ = std::move(error);
  again_.cancel();
  transport_->watch(false, false);
  events_->on_connected(error_);
}

void TlsStream::notify_again() {
  if (wants_readable_ && state_ != State::ended) events_->on_readable();
}

IoResult TlsStream::read(std::span<std::byte> buffer) {
  if (state_ == State::dead) return {IoStatus::error, 0};
  if (state_ == State::ended) return {IoStatus::end, 0};
  if (state_ == State::handshake || buffer.empty()) return {IoStatus::would_block, 0};
  std::size_t got = 0;
  int result = 1;
  ERR_clear_error();
  while (got < buffer.size() && result > 0) {
    result = SSL_read(ssl_.get(), buffer.data() + got,
                      static_cast<int>(std::min<std::size_t>(buffer.size() - got, INT_MAX)));
    if (result > 0) got += static_cast<std::size_t>(result);
  }
  more_inside_ = got == buffer.size() ? SSL_has_pending(ssl_.get()) == 1 : false;
  // Bytes first; an end or error behind them is found by the read that the next event brings.
  if (got > 0 && result <= 0) {
    const int status = SSL_get_error(ssl_.get(), result);
    more_inside_ = status != SSL_ERROR_WANT_READ && status != SSL_ERROR_WANT_WRITE;
  }
  flush();
  update_watch();
  if (got > 0) return {IoStatus::ok, got};
  return state_ == State::dead ? IoResult{IoStatus::error, 0} : failed(result);
}

IoResult TlsStream::write(std::span<const iovec> parts) {
  if (state_ == State::dead) return {IoStatus::error, 0};
  if (state_ == State::handshake || close_notify_sent_) return {IoStatus::would_block, 0};
  if (!flush()) {
    update_watch();
    return {state_ == State::dead ? IoStatus::error : IoStatus::would_block, 0};
  }
  Records records(*this);
  for (const iovec& part : parts) {
    if (!records.add({static_cast<const std::byte*>(part.iov_base), part.iov_len})) break;
  }
  records.finish();
  flush();
  update_watch();
  if (state_ == State::dead) return {IoStatus::error, 0};
  return {records.total() > 0 ? IoStatus::ok : IoStatus::would_block, records.total()};
}

bool TlsStream::Records::add(std::span<const std::byte> part) {
  while (!part.empty() && good_ && total_ + held_ < write_size) {
    const std::size_t record = stream_.record_size_now();
    const std::size_t take = std::min(part.size(), record - held_);
    if (held_ == 0 && take == record) {
      encrypt(part.first(take));
    } else {
      std::memcpy(gathered_ + held_, part.data(), take);
      held_ += take;
      if (held_ == record) finish();
    }
    part = part.subspan(take);
  }
  return good_ && total_ + held_ < write_size;
}

void TlsStream::Records::finish() {
  if (held_ > 0 && good_) encrypt({gathered_, std::exchange(held_, 0)});
}

void TlsStream::Records::encrypt(std::span<const std::byte> plain) {
  const IoResult result = stream_.encrypt(plain);
  good_ = result.status == IoStatus::ok;
  total_ += result.bytes;
}

// One record. It always fits, since write() starts with nothing waiting.
IoResult TlsStream::encrypt(std::span<const std::byte> plain) {
  ERR_clear_error();
  const int result = SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
  if (result <= 0) return failed(result);
  encrypted_ += static_cast<std::size_t>(result);
  return {IoStatus::ok, static_cast<std::size_t>(result)};
}

// Returns whether nothing is left to send.
bool TlsStream::flush() {
  if (outgoing_.empty()) return true;
  if (state_ == State::dead) return false;
  const iovec part{outgoing_.data() + outgoing_sent_, outgoing_.size() - outgoing_sent_};
  const IoResult result = transport_->write({&part, 1});
  if (result.status == IoStatus::error) {
    state_ = State::dead;
    error_ = transport_->error();
    again_.schedule();  // so that an owner who only reads learns of it
    return false;
  }
  outgoing_sent_ += result.bytes;
  if (outgoing_sent_ < outgoing_.size()) return false;
  outgoing_sent_ = 0;
  outgoing_.clear();
  if (spare_outgoing.capacity() == 0) outgoing_.swap(spare_outgoing);
  if (std::exchange(fin_due_, false)) transport_->shutdown_write();
  return true;
}

void TlsStream::update_watch() {
  if (state_ == State::dead) return transport_->watch(false, false);
  const bool readable =
      state_ == State::handshake || (state_ == State::open && wants_readable_ && !read_waits_for_room_);
  transport_->watch(readable, wants_writable_ || !outgoing_.empty());
  if (more_inside_ && wants_readable_ && state_ == State::open) again_.schedule();
}

void TlsStream::watch(bool readable, bool writable) {
  if (readable == wants_readable_ && writable == wants_writable_) return;
  wants_readable_ = readable;
  wants_writable_ = writable;
  if (state_ == State::open || state_ == State::ended) update_watch();
}

void TlsStream::shutdown_write() {
  if ((state_ != State::open && state_ != State::ended) || close_notify_sent_) return;
  close_notify_sent_ = true;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  fin_due_ = true;
  if (outgoing_.empty()) {
    fin_due_ = false;
    transport_->shutdown_write();
  }
  flush();
  update_watch();
}

void TlsStream::abort() {
  aborted_ = true;
  transport_->abort();
}

IoResult TlsStream::failed(int result) {
  const int status = SSL_get_error(ssl_.get(), result);
  if (status == SSL_ERROR_WANT_READ) return {IoStatus::would_block, 0};
  if (status == SSL_ERROR_WANT_WRITE) {
    read_waits_for_room_ = true;
    update_watch();
    return {IoStatus::would_block, 0};
  }
  if (status == SSL_ERROR_ZERO_RETURN) {
    state_ = State::ended;
    update_watch();
    return {IoStatus::end, 0};
  }
  error_ = describe_failure();
  state_ = State::dead;
  update_watch();
  return {IoStatus::error, 0};
}

Error TlsStream::describe_failure() {
  const bool shaking_hands = state_ == State::handshake;
  const long verdict = SSL_get_verify_result(ssl_.get());
  const bool no_certificate = ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
  const std::string reason = take_openssl_error();
  if (transport_failed_) return transport_->error();
  // RFC 8446 6.1: without close_notify, what came may be a part of the message only.
  if (transport_ended_) {
    const std::string when = shaking_hands ? "during the TLS handshake" : "without close_notify";
    return make_error(ErrorCode::closed, "closed " + when, true);
  }
  if (!shaking_hands) return make_error(ErrorCode::reset, "TLS: " + reason, true);
  if (context_->verify_peer_name && verdict != X509_V_OK) {
    return make_error(ErrorCode::tls_verify, X509_verify_cert_error_string(verdict), false);
  }
  if (role_ == Role::server && (verdict != X509_V_OK || no_certificate)) {
    return make_error(ErrorCode::tls_verify, reason, false);
  }
  return make_error(ErrorCode::tls_handshake, reason, true);
}

Error TlsStream::make_error(ErrorCode code, std::string detail, bool retryable) const {
  const auto source = role_ == Role::client ? ErrorSource::upstream : ErrorSource::client;
  return {code, source, retryable && role_ == Role::client, transport_->peer_address().to_string() + ": " + detail};
}

}  // namespace

std::unique_ptr<Stream> tls_connect(EventLoop& loop, std::unique_ptr<Stream> transport,
                                    std::shared_ptr<const TlsContext> context, std::string_view server_name,
                                    StreamEvents& events) {
  auto stream =
      std::make_unique<TlsStream>(loop, std::move(transport), std::move(context), TlsStream::Role::client, events);
  stream->set_server_name(server_name);
  return stream;
}

std::unique_ptr<Stream> tls_accept(EventLoop& loop, std::unique_ptr<Stream> transport,
                                   std::shared_ptr<const TlsContext> context, StreamEvents& events) {
  return std::make_unique<TlsStream>(loop, std::move(transport), std::move(context), TlsStream::Role::server, events);
}

}  // namespace skerry::core
