#include "kaden/ack_link.h"

#include <fmt/format.h>

namespace kaden::chat {

const std::string_view ack_path = "/chat/ack";

namespace {

constexpr std::string_view context = "kaden chat acknowledge 1"; // so that no other signature fits

std::string signature_of(std::string_view key, std::string_view incident, std::string_view round,
                         std::string_view until) {
  return to_hex(as_view(hmac_sha256(key, fmt::format("{}\n{}\n{}\n{}", context, incident, round, until))));
}

http::Response page(int status, std::string_view title, std::string_view body) {
  http::Response response;
  response.status = status;
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Cache-Control", "no-store"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Robots-Tag", "noindex"},
      {"X-Content-Type-Options", "nosniff"},
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"}};
  response.body = fmt::format(
      "<!doctype html><html><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{0}</title><style>body{{font:1.2em "
      "sans-serif;margin:2em}}button{{font:inherit;padding:.6em 1.2em}}</style></head>"
      "<body><h1>{0}</h1>{1}</body></html>\n",
      title, body);
  return response;
}

} // namespace

std::string make_ack_link(std::string_view public_url, std::string_view key, std::uint64_t incident,
                          std::uint64_t round, WallTime until) {
  const std::string number = std::to_string(incident);
  const std::string turn = std::to_string(round);
  const std::string end = std::to_string(to_ms(until));
  return fmt::format("{}{}?incident={}&round={}&until={}&signature={}", public_url, ack_path, number, turn,
                     end, signature_of(key, number, turn, end));
}

Result<Ticket> read_ticket(std::string_view query, std::string_view key, WallTime now) {
  const auto bad = [] { return fail(Fault::denied, "this link is not one of Kaden's"); };
  const auto parts = split(query, '&');
  if (query.size() > 512 || parts.size() != 4) return bad();
  std::string_view values[4];
  constexpr std::string_view names[] = {"incident=", "round=", "until=", "signature="};
  for (std::size_t i = 0; i < 4; ++i) {
    if (!parts[i].starts_with(names[i])) return bad();
    values[i] = parts[i].substr(names[i].size());
  }
  const auto& [incident, round, until, signature] = values;
  // The signature first: what is not ours is not read at all.
  if (!equal_constant_time(signature_of(key, incident, round, until), signature)) return bad();
  const auto number = parse_int(incident);
  const auto turn = parse_int(round);
  const auto end = parse_int(until);
  if (!number || !turn || !end) return bad();
  if (wall_time(*end) <= now) return fail(Fault::denied, "this link is too old");
  return Ticket{static_cast<std::uint64_t>(*number), static_cast<std::uint64_t>(*turn), wall_time(*end),
                fmt::format("{}/{}", *number, *turn)};
}

http::Response ask_page(Language language, std::uint64_t incident, std::string_view query) {
  const bool is_ja = language == Language::ja;
  const std::string title = fmt::format("{} {}", is_ja ? "インシデント" : "Incident", incident);
  const std::string_view button = is_ja ? "対応を受け付ける" : "Acknowledge: I take it";
  return page(200, title,
              fmt::format("<form method=\"post\" action=\"{}?{}\"><button>{}</button></form>", ack_path,
                          xml_escape(query), button));
}

http::Response told_page(Language language, int status, std::string_view en, std::string_view ja) {
  return page(status, xml_escape(language == Language::ja ? ja : en), "");
}

} // namespace kaden::chat
