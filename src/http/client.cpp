#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "kaden/http.h"

namespace kaden::http {

namespace {

constexpr std::size_t response_bytes_max = 64u << 20;
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
  bool too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) {
  auto& arrival = *static_cast<Arrival*>(context);
  const std::size_t bytes = size * count;
  if (arrival.response.body.size() + bytes > response_bytes_max) {
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

bool is_loopback(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  char* found = nullptr;
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &found, 0) != CURLUE_OK) {
    return false;
  }
  const std::string host = to_lower(found);
  curl_free(found);
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
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

} // namespace

struct Client::Impl {
  Impl() { require(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "libcurl starts"); }
  ~Impl() {
    idle.clear();
    curl_global_cleanup();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Easy take() {
    {
      std::lock_guard lock(mutex);
      if (!idle.empty()) {
        Easy easy = std::move(idle.back());
        idle.pop_back();
        return easy;
      }
    }
    Easy easy(curl_easy_init());
    require(easy != nullptr, "libcurl gives a handle");
    return easy;
  }
  void give_back(Easy easy) {
    curl_easy_reset(easy.get()); // keeps the open connections
    std::lock_guard lock(mutex);
    if (idle.size() < idle_handles_max) idle.push_back(std::move(easy));
  }

  std::mutex mutex;
  std::vector<Easy> idle;
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

  Easy easy = impl_->take();
  Arrival arrival;
  std::array<char, CURL_ERROR_SIZE> why{};
  CURL* const raw = easy.get();
  curl_easy_setopt(raw, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(raw, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(raw, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(raw, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(raw, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(std::max<std::int64_t>(1, request.patience.count())));
  curl_easy_setopt(raw, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(raw, CURLOPT_HTTPHEADER, headers->get());
  curl_easy_setopt(raw, CURLOPT_ERRORBUFFER, why.data());
  curl_easy_setopt(raw, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(raw, CURLOPT_WRITEDATA, &arrival);
  curl_easy_setopt(raw, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(raw, CURLOPT_HEADERDATA, &arrival);
  if (is_loopback(request.url)) curl_easy_setopt(raw, CURLOPT_PROXY, "");
  if (!request.ca_file.empty()) {
    curl_easy_setopt(raw, CURLOPT_CAINFO, request.ca_file.c_str());
    curl_easy_setopt(raw, CURLOPT_CAPATH, nullptr);
  }
  set_method(raw, request);

  const CURLcode code = curl_easy_perform(raw);
  long status = 0;
  curl_easy_getinfo(raw, CURLINFO_RESPONSE_CODE, &status);
  impl_->give_back(std::move(easy));
  if (arrival.too_large) return fail(Fault::invalid, doing + ": the response is too large");
  if (code != CURLE_OK) {
    const std::string_view detail = why[0] != '\0' ? why.data() : curl_easy_strerror(code);
    return fail(fault_of(code), doing + ": " + std::string(detail));
  }
  arrival.response.status = static_cast<int>(status);
  return std::move(arrival.response);
}

} // namespace kaden::http
