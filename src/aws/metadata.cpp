#include "metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "kaden/limits/aws.h"
#include "kaden/url.h"

namespace kaden::aws {

namespace {

constexpr std::size_t word_bytes_max = 65'536; // of a key or a token; AWS's session tokens grow

http::ClientRequest request_to(std::string method, std::string url, Millis patience) {
  http::ClientRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.patience = patience;
  request.response_bytes_max = limits::aws_answer_bytes_max;
  request.allow_link_local = true; // and no proxy
  return request;
}

bool may_pass(const Result<http::Response>& answer) {
  return !answer || answer->status >= 500 || answer->status == 429;
}

/// "Authorization", read anew each time: the file's content is renewed.
Result<std::string> container_token(const World& world) {
  std::string token;
  if (const auto path = world.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    auto read = world.read_file(*path);
    if (!read) return fail_while("reading AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE " + *path, read.error());
    token = trim(*read);
  } else {
    token = world.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  }
  if (token.find_first_of("\r\n") != std::string::npos)
    return fail(Fault::invalid, "the container's authorization token has more than one line");
  return token;
}

/// Over plain http only to where a platform puts it.
Result<void> check_container_url(const std::string& text) {
  const auto url = http::parse_url(text);
  if (!url) return fail_while("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.error());
  if (url->scheme == "https") return {};
  constexpr std::array<std::string_view, 3> known = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
  const bool is_known = std::find(known.begin(), known.end(), url->host) != known.end();
  if (url->scheme == "http" && (is_known || url->kind == http::HostKind::loopback)) return {};
  return fail(Fault::denied,
              "AWS_CONTAINER_CREDENTIALS_FULL_URI: over http only loopback, 169.254.170.2, "
              "169.254.170.23 and [fd00:ec2::23] are asked");
}

bool is_true(const std::optional<std::string>& word) {
  return word && to_lower(*word) == "true";
}

std::string instance_base(const World& world) {
  if (auto url = world.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")) {
    while (url->ends_with('/')) url->pop_back();
    return *url;
  }
  const auto mode = world.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  return mode && to_lower(*mode) == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

tl::unexpected<Error> no_instance(const std::string& why) {
  return fail(Fault::not_found, "no instance metadata service: " + why);
}

} // namespace

Result<Keys> parse_keys(std::string_view body, std::string_view token_name, bool must_end) {
  const auto value = parse_json(body);
  if (!value || !value->is_object()) return fail(Fault::invalid, "the answer is no JSON object");
  const Fields fields(value->get_object(), "");
  // The metadata service tells of its own trouble with status 200.
  const auto code = fields.text_or("Code", word_bytes_max, "Success");
  if (code && *code != "Success") {
    return fail(Fault::unavailable,
                *code + ": " + fields.text_or("Message", word_bytes_max, "").value_or(""));
  }
  Keys keys;
  const std::pair<const char*, std::string*> wanted[] = {{"AccessKeyId", &keys.keys.access_key_id},
                                                         {"SecretAccessKey", &keys.keys.secret}};
  for (const auto& [name, into] : wanted) {
    auto word = fields.text(name, word_bytes_max);
    if (!word || word->empty()) return fail(Fault::invalid, std::string(name) + ": is missing");
    *into = std::move(*word);
  }
  const auto token = fields.text_or(token_name, word_bytes_max, "");
  if (!token) return tl::unexpected<Error>(token.error());
  keys.keys.session_token = *token;
  const auto expires = fields.text_or("Expiration", word_bytes_max, "");
  if (!expires) return tl::unexpected<Error>(expires.error());
  if (expires->empty() && must_end) return fail(Fault::invalid, "Expiration: is missing");
  if (!expires->empty()) {
    const auto at = parse_iso8601(*expires);
    if (!at) return fail(Fault::invalid, "Expiration: " + at.error().message);
    keys.expires = *at;
  }
  return keys;
}

Result<Keys> ask_container(const World& world) {
  std::string url;
  if (const auto path = world.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    if (!path->starts_with('/'))
      return fail(Fault::invalid, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: must begin with '/'");
    url = "http://169.254.170.2" + *path;
  } else if (const auto full = world.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    if (auto fits = check_container_url(*full); !fits) return tl::unexpected<Error>(fits.error());
    url = *full;
  } else {
    return fail(Fault::not_found, "no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI");
  }
  constexpr int attempts = 3;
  for (int attempt = 1;; ++attempt) {
    auto request = request_to("GET", url, limits::aws_container_patience);
    const auto token = container_token(world);
    if (!token) return tl::unexpected<Error>(token.error());
    if (!token->empty()) request.headers.emplace_back("Authorization", *token);
    const auto answer = world.send(request);
    if (may_pass(answer) && attempt < attempts) {
      world.pause(seconds(1));
      continue;
    }
    if (!answer) return fail_while("asking the container's credentials", answer.error());
    if (answer->status != 200) {
      return fail(answer->status >= 500 ? Fault::unavailable : Fault::denied,
                  fmt::format("the container's credentials: HTTP status {}", answer->status));
    }
    auto keys = parse_keys(answer->body, "Token", true);
    if (!keys) return fail_while("reading the container's credentials", keys.error());
    keys->from = "the container's credentials";
    keys->outlives_outage = true;
    return keys;
  }
}

Result<Keys> ask_instance(const World& world) {
  if (is_true(world.variable("AWS_EC2_METADATA_DISABLED")))
    return no_instance("AWS_EC2_METADATA_DISABLED is true");
  const std::string base = instance_base(world);
  auto asks_token = request_to("PUT", base + "/latest/api/token", limits::aws_imds_patience);
  asks_token.headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  const auto token = world.send(asks_token);
  if (!token) return no_instance(token.error().message);
  if (token->status != 200) return no_instance(fmt::format("its token: HTTP status {}", token->status));
  const auto get = [&](const std::string& path) {
    auto request = request_to("GET", base + "/latest/meta-data/iam/security-credentials/" + path,
                              limits::aws_imds_patience);
    request.headers = {{"x-aws-ec2-metadata-token", std::string(trim(token->body))}};
    return world.send(request);
  };
  const auto roles = get("");
  if (!roles) return fail_while("asking the instance metadata service for its role", roles.error());
  if (roles->status == 404) return no_instance("this instance has no role");
  const std::string role(trim(std::string_view(roles->body).substr(0, roles->body.find('\n'))));
  const bool is_word = !role.empty() && role.find_first_of(" /?#%\r\t") == std::string::npos;
  if (roles->status != 200 || !is_word) {
    return fail(Fault::unavailable,
                fmt::format("the instance metadata service's role: HTTP status {}", roles->status));
  }
  const auto answer = get(role);
  if (!answer) return fail_while("asking the instance metadata service for keys", answer.error());
  if (answer->status != 200) {
    return fail(Fault::unavailable,
                fmt::format("the instance metadata service's keys: HTTP status {}", answer->status));
  }
  auto keys = parse_keys(answer->body, "Token", true);
  if (!keys) return fail_while("reading the instance metadata service's keys", keys.error());
  keys->from = "the role " + role + " of this instance";
  keys->outlives_outage = true;
  return keys;
}

} // namespace kaden::aws
