#include "tls.h"

#include <openssl/err.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

namespace kaden::logs {

std::string tls_words() {
  std::array<char, 256> words{};
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "the connection broke off";
  ERR_error_string_n(code, words.data(), words.size());
  return words.data();
}

Result<TlsContext> open_tls(const Syslog& settings) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(Fault::unavailable, "TLS: " + tls_words());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  const auto refuse = [](const std::string& what) { return fail(Fault::invalid, what + ": " + tls_words()); };
  if (SSL_CTX_use_certificate_chain_file(context.get(), settings.certificate_file.c_str()) != 1)
    return refuse("the certificate " + settings.certificate_file);
  if (SSL_CTX_use_PrivateKey_file(context.get(), settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return refuse("the key " + settings.key_file);
  if (SSL_CTX_check_private_key(context.get()) != 1) return refuse("the key is not the certificate's");
  if (!settings.client_ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), settings.client_ca_file.c_str(), nullptr) != 1)
      return refuse("the senders' authorities " + settings.client_ca_file);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

std::int64_t written_at(const Syslog& settings) {
  std::int64_t newest = 0;
  for (const std::string& path : {settings.certificate_file, settings.key_file}) {
    struct stat told {};
    if (stat(path.c_str(), &told) != 0) return 0;
    newest = std::max<std::int64_t>(newest, told.st_mtim.tv_sec * 1'000'000'000 + told.st_mtim.tv_nsec);
  }
  return newest;
}

Step step_of(SSL* session, int answer) {
  if (answer > 0) return Step::done;
  switch (SSL_get_error(session, answer)) {
    case SSL_ERROR_WANT_READ:
      return Step::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return Step::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      return Step::ended;
    default:
      return Step::failed;
  }
}

} // namespace kaden::logs
