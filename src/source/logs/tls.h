/// tls.h - TLS of syslog's senders (RFC 5425), without blocking. Room: source/logs, inside. Uses: OpenSSL.
/// Threads: one owner. Errors: invalid: a certificate or key that cannot be used.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "kaden/base.h"
#include "kaden/log_source.h"

namespace kaden::logs {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;
using TlsSession = std::unique_ptr<SSL, FreeSession>;

/// TLS 1.2 and 1.3, as a server.
Result<TlsContext> open_tls(const Syslog& settings);

/// When the certificate and the key were written last, as one number; 0: they cannot be looked at.
std::int64_t written_at(const Syslog& settings);

/// What a non-blocking step came to.
enum class Step : std::uint8_t { done, wants_read, wants_write, ended, failed };
Step step_of(SSL* session, int answer);
/// The newest of OpenSSL's errors, and none is left.
std::string tls_words();

} // namespace kaden::logs
