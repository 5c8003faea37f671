#include "sts.h"

#include <fmt/format.h>

#include <map>

#include "kaden/aws_endpoint.h"
#include "kaden/limits/aws.h"
#include "kaden/xml.h"

namespace kaden::aws {

namespace {

constexpr xml::Bounds bounds{16, 1'000, 16};
constexpr std::string_view xmlns = "https://sts.amazonaws.com/doc/2011-06-15/";

std::string form_of(const std::map<std::string, std::string>& values) {
  std::string out;
  for (const auto& [name, value] : values) {
    out += (out.empty() ? "" : "&") + name + "=";
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      const bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
      out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

/// The first element of that name below `node`, however deep.
pugi::xml_node find_below(const pugi::xml_node& node, std::string_view name) {
  return node.find_node([name](const pugi::xml_node& each) { return xml::local_name(each) == name; });
}

Result<Keys> ask(const World& world, const StsSettings& where, std::map<std::string, std::string> values,
                 const RoleRequest& role, const sigv4::Credentials* source) {
  values["Version"] = "2011-06-15";
  values["RoleArn"] = role.role_arn;
  values["RoleSessionName"] = role.session_name;
  http::ClientRequest request;
  request.method = "POST";
  request.url = where.endpoint + "/";
  request.headers = {{"Host", authority_of(where.endpoint)},
                     {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = form_of(values);
  request.patience = limits::aws_sts_patience;
  request.ca_file = where.ca_file;
  request.response_bytes_max = limits::aws_answer_bytes_max;
  if (source != nullptr) {
    sigv4::sign(request.method, base_path_of(where.endpoint) + "/", request.headers, request.body, *source,
                where.region, "sts", world.clock->wall());
  }
  const auto answer = world.send(request);
  if (!answer) return fail_while("asking STS for the role " + role.role_arn, answer.error());
  auto keys = parse_sts_answer(answer->status, answer->body);
  if (!keys) return fail_while("asking STS for the role " + role.role_arn, keys.error());
  return keys;
}

} // namespace

Result<Keys> parse_sts_answer(int status, const std::string& body) {
  pugi::xml_document document;
  if (auto loaded = xml::load(body, bounds, document); !loaded)
    return fail(status >= 500 ? Fault::unavailable : Fault::invalid,
                fmt::format("HTTP status {}, and its answer is no XML", status));
  const pugi::xml_node root = xml::root_of(document);
  const auto text = [](const pugi::xml_node& at, std::string_view name) {
    return xml::text_of(find_below(at, name));
  };
  if (status != 200) {
    const std::string code = text(root, "Code");
    return fail(status >= 500 || code == "IDPCommunicationError" ? Fault::unavailable : Fault::denied,
                fmt::format("{}: {}", code.empty() ? fmt::format("HTTP status {}", status) : code,
                            text(root, "Message")));
  }
  const pugi::xml_node given = find_below(root, "Credentials");
  if (!given || !xml::in_namespace(given, xmlns)) return fail(Fault::invalid, "Credentials: is missing");
  Keys keys;
  keys.keys = {text(given, "AccessKeyId"), text(given, "SecretAccessKey"), text(given, "SessionToken")};
  const auto expires = parse_iso8601(text(given, "Expiration"));
  if (keys.keys.access_key_id.empty() || keys.keys.secret.empty() || keys.keys.session_token.empty())
    return fail(Fault::invalid, "Credentials: a part is missing");
  if (!expires) return fail(Fault::invalid, "Credentials.Expiration: " + expires.error().message);
  keys.expires = *expires;
  return keys;
}

Result<Keys> assume_role(const World& world, const StsSettings& where, const RoleRequest& role,
                         const sigv4::Credentials& source) {
  std::map<std::string, std::string> values{{"Action", "AssumeRole"}};
  if (!role.external_id.empty()) values["ExternalId"] = role.external_id;
  return ask(world, where, std::move(values), role, &source);
}

Result<Keys> assume_role_with_web_identity(const World& world, const StsSettings& where,
                                           const RoleRequest& role, const std::string& token) {
  constexpr std::size_t token_bytes_min = 4;
  const std::string_view word = trim(token);
  if (word.size() < token_bytes_min || word.size() > limits::aws_token_bytes_max)
    return fail(Fault::invalid, "the web identity token must have 4 to 20,000 characters");
  return ask(world, where, {{"Action", "AssumeRoleWithWebIdentity"}, {"WebIdentityToken", std::string(word)}},
             role, nullptr);
}

} // namespace kaden::aws
