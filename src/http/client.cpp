#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "kaden/http.h"

namespace kaden::http {

namespace {

constexpr std::size_t header_lines_max = 500;
constexpr std::size_t idle_handles_max = 16; // each keeps its own open connections

struct EasyEnd {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, EasyEnd>;

struct ListEnd {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListEnd>;

/// What arrives; the callbacks below fill it.
struct Arrival {
  Response response;
  std::size_t bytes_max = 0;
  bool too_large = false;
  bool address_refused = false;
  std::optional<HostKind> nearest;
  bool is_too_near = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& arrival = *static_cast<Arrival*>(context);
  const std::size_t bytes = size * count;
  if (arrival.response.body.size() + bytes > arrival.bytes_max) {
    arrival.too_large = true;
    return 0;
  }
  arrival.response.body.append(data, bytes);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) {
  auto& arrival = *static_cast<Arrival*>(context);
  const std::size_t bytes = size * count;
  const std::string_view line = trim({data, bytes});
  if (line.starts_with("HTTP/")) { // a new one after "100 Continue"
    arrival.response.headers.clear();
    return bytes;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bytes;
  if (arrival.response.headers.size() >= header_lines_max) {
    arrival.too_large = true;
    return 0;
  }
  arrival.response.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  return bytes;
}

/// 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291), both also mapped into IPv6, and AWS's fd00:ec2::/32.
bool is_link_local(const curl_sockaddr& address) {
  const auto v4 = [](const unsigned char* bytes) { return bytes[0] == 169 && bytes[1] == 254; };
  if (address.family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address.addr, sizeof in);
    std::array<unsigned char, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return v4(bytes.data());
  }
  if (address.family != AF_INET6) return false;
  sockaddr_in6 in{};
  std::memcpy(&in, &address.addr, std::min<std::size_t>(address.addrlen, sizeof in));
  const unsigned char* bytes = in.sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) return v4(bytes + 12);
  const bool is_metadata = bytes[0] == 0xfd && bytes[1] == 0 && bytes[2] == 0x0e && bytes[3] == 0xc2;
  return IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr) || is_metadata;
}

curl_socket_t on_socket(void* context, curlsocktype, curl_sockaddr* address) {
  if (is_link_local(*address)) {
    static_cast<Arrival*>(context)->address_refused = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Before the request goes out, over a new connection or a kept one.
int on_connected(void* context, char* address, char*, int, int) {
  auto& arrival = *static_cast<Arrival*>(context);
  const std::string text(address);
  const bool is_v6 = text.find(':') != std::string::npos;
  arrival.is_too_near = arrival.nearest && kind_of_host(is_v6 ? "[" + text + "]" : text) > *arrival.nearest;
  return arrival.is_too_near ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(context)->load() ? 1 : 0;
}

/// In the place of OpenSSL's own verification.
int on_certificate(X509_STORE_CTX* store, void* context) {
  const auto& pin = *static_cast<const std::string*>(context);
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  std::array<unsigned char, EVP_MAX_MD_SIZE> found{};
  unsigned size = 0;
  const bool is_it = certificate != nullptr &&
                     X509_digest(certificate, EVP_sha256(), found.data(), &size) == 1 && size == pin.size() &&
                     std::memcmp(found.data(), pin.data(), size) == 0;
  X509_STORE_CTX_set_error(store, is_it ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  return is_it ? 1 : 0;
}

CURLcode on_ssl_context(CURL*, void* ssl_context, void* context) {
  SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(ssl_context), on_certificate, context);
  return CURLE_OK;
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

/// Null with Fault::invalid in the result when a header would break out of its line.
Result<List> header_list(const ClientRequest& request) {
  List list;
  const auto append = [&list](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    require(longer != nullptr, "there is memory for a header");
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || has_line_break(name) || has_line_break(value) ||
        name.find(':') != std::string::npos) {
      return fail(Fault::invalid, "header '" + name + "' cannot be sent");
    }
    // libcurl takes "Name:" for "leave this header out", and "Name;" for an empty one.
    std::string line = name;
    append(value.empty() ? line.append(";") : line.append(": ").append(value));
  }
  // What libcurl would add by itself and nobody asked for.
  append("Expect:");
  if (find_header(request.headers, "Content-Type") == nullptr) append("Content-Type:");
  return list;
}

bool is_loopback(const std::string& text) {
  const auto url = parse_url(text);
  return url && url->kind == HostKind::loopback;
}

/// Whether libcurl would ask a proxy for what is not on this machine.
bool has_proxy(const std::string& text) {
  const auto is_set = [](const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): no thread changes the environment
    return value != nullptr && *value != '\0';
  };
  const auto url = parse_url(text);
  const bool is_https = url && url->scheme == "https";
  // libcurl reads no HTTP_PROXY: a CGI program would take a request's header for it.
  return is_set("all_proxy") || is_set("ALL_PROXY") ||
         (is_https ? is_set("https_proxy") || is_set("HTTPS_PROXY") : is_set("http_proxy"));
}

Fault fault_of(CURLcode code) {
  switch (static_cast<int>(code)) {
    case CURLE_OPERATION_TIMEDOUT:
      return Fault::timeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE:
      return Fault::invalid;
    case CURLE_PEER_FAILED_VERIFICATION:
      return Fault::denied;
    default:
      return Fault::unavailable;
  }
}

void set_method(CURL* easy, const ClientRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method != "GET" || !request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

/// Whom to believe.
void set_trust(CURL* easy, const ClientRequest& request) {
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!request.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (!request.certificate_pin) return;
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); // a resumed session shows no certificate
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, const_cast<std::string*>(&*request.certificate_pin));
}

void set_arrival(CURL* easy, const ClientRequest& request, Arrival& arrival) {
  arrival.bytes_max = request.response_bytes_max;
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &arrival);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &arrival);
  if (request.accept_compressed) curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  if (!request.allow_link_local) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &arrival);
  }
  if (request.nearest && !has_proxy(request.url)) {
    arrival.nearest = request.nearest;
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &arrival);
  }
  if (request.cancelled != nullptr) {
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(request.cancelled));
  }
}

} // namespace

Result<std::string> parse_certificate_pin(std::string_view text) {
  std::string pin;
  std::optional<unsigned> high;
  for (const char c : text) {
    if (c == ':' && !high) continue;
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                                  : 16;
    if (digit > 15) return fail(Fault::invalid, "a certificate's SHA-256 has only hex digits and colons");
    if (!high) {
      high = digit;
      continue;
    }
    pin.push_back(static_cast<char>(*high * 16 + digit));
    high.reset();
  }
  if (high || pin.size() != 32)
    return fail(
        Fault::invalid,
        "a certificate's SHA-256 has 64 hex digits, such as openssl x509 -fingerprint -sha256 prints");
  return pin;
}

struct Client::Impl {
  Impl() { require(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl starts"); }
  ~Impl() {
    idle.clear();
    curl_global_cleanup();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// A handle whose kept connections, if any, were made for this pin.
  Easy take(const std::string& pin) {
    {
      std::lock_guard lock(mutex);
      const auto found =
          std::find_if(idle.rbegin(), idle.rend(), [&](const Idle& it) { return it.pin == pin; });
      if (found != idle.rend()) {
        Easy easy = std::move(found->easy);
        idle.erase(std::next(found).base());
        return easy;
      }
    }
    Easy easy(curl_easy_init());
    require(easy != nullptr, "libcurl gives a handle");
    return easy;
  }
  void give_back(Easy easy, const std::string& pin) {
    curl_easy_reset(easy.get()); // keeps the open connections
    std::lock_guard lock(mutex);
    if (idle.size() >= idle_handles_max) idle.erase(idle.begin());
    idle.push_back({std::move(easy), pin});
  }

  struct Idle {
    Easy easy;
    std::string pin;
  };
  std::mutex mutex;
  std::vector<Idle> idle; // the longest unused first
};

Client::Client() : impl_(std::make_unique<Impl>()) {}
Client::~Client() = default;

Result<Response> Client::send(const ClientRequest& request) {
  const std::string doing = request.method + " " + request.url.substr(0, request.url.find('?'));
  if (request.method.empty() || has_line_break(request.method) || has_line_break(request.url) ||
      request.method.find(' ') != std::string::npos) {
    return fail(Fault::invalid, doing + ": the method or the URL is malformed");
  }
  const auto headers = header_list(request);
  if (!headers) return fail_while(doing, headers.error());

  const std::string pin = request.certificate_pin.value_or("");
  Easy easy = impl_->take(pin);
  Arrival arrival;
  std::array<char, CURL_ERROR_SIZE> why{};
  CURL* const raw = easy.get();
  curl_easy_setopt(raw, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(raw, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(raw, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(raw, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(raw, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(1, request.patience.count())));
  curl_easy_setopt(raw, CURLOPT_HTTPHEADER, headers->get());
  curl_easy_setopt(raw, CURLOPT_ERRORBUFFER, why.data());
  if (request.allow_link_local || is_loopback(request.url)) curl_easy_setopt(raw, CURLOPT_PROXY, "");
  set_arrival(raw, request, arrival);
  set_trust(raw, request);
  set_method(raw, request);

  const CURLcode code = curl_easy_perform(raw);
  long status = 0;
  curl_easy_getinfo(raw, CURLINFO_RESPONSE_CODE, &status);
  impl_->give_back(std::move(easy), pin);
  if (arrival.address_refused && code != CURLE_OK)
    return fail(Fault::denied,
                doing + ": its address is link-local, where a cloud keeps a machine's credentials");
  if (arrival.is_too_near) return fail(Fault::denied, doing + ": its name leads to an address inside");
  if (code == CURLE_ABORTED_BY_CALLBACK) return fail(Fault::unavailable, doing + ": cancelled");
  if (arrival.too_large) return fail(Fault::invalid, doing + ": the response is too large");
  if (code != CURLE_OK) {
    const std::string_view detail = why[0] != '\0' ? why.data() : curl_easy_strerror(code);
    return fail(fault_of(code), doing + ": " + std::string(detail));
  }
  arrival.response.status = static_cast<int>(status);
  return std::move(arrival.response);
}

} // namespace kaden::http
