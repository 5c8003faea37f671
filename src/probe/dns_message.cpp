#include "dns_message.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>

#include <array>

#include "kaden/limits/probes.h"

namespace kaden::probe {

namespace {

void put_16(std::string& bytes, unsigned number) {
  bytes.push_back(static_cast<char>(number >> 8U & 0xFFU));
  bytes.push_back(static_cast<char>(number & 0xFFU));
}

std::string name_in(const ns_msg& message, const unsigned char* at) {
  std::array<char, NS_MAXDNAME> name{};
  if (ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), at, name.data(), name.size()) < 0)
    return {};
  return to_lower(name.data());
}

std::string address_in(int family, const unsigned char* data, std::size_t size) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (size != (family == AF_INET ? 4U : 16U)) return {};
  return inet_ntop(family, data, text.data(), text.size()) == nullptr ? "" : text.data();
}

std::string texts_in(const unsigned char* data, std::size_t size) {
  std::string text;
  for (std::size_t at = 0; at < size;) {
    const std::size_t part = data[at];
    if (at + 1 + part > size) return {};
    text.append(reinterpret_cast<const char*>(data) + at + 1, part);
    at += 1 + part;
  }
  return to_lower(text);
}

/// "" when the data do not fit the type.
std::string value_of(const ns_msg& message, const ns_rr& record) {
  const unsigned char* const data = ns_rr_rdata(record);
  const std::size_t size = ns_rr_rdlen(record);
  switch (static_cast<int>(ns_rr_type(record))) {
    case ns_t_a:
      return address_in(AF_INET, data, size);
    case ns_t_aaaa:
      return address_in(AF_INET6, data, size);
    case ns_t_txt:
      return texts_in(data, size);
    case ns_t_mx:
      return size < 3 ? "" : std::to_string(data[0] * 256 + data[1]) + " " + name_in(message, data + 2);
    default:
      return size == 0 ? "" : name_in(message, data);
  }
}

} // namespace

std::string dns_query(const DnsQuestion& question) {
  std::string bytes;
  put_16(bytes, question.id);
  put_16(bytes, 0x0100); // a query, recursion desired
  put_16(bytes, 1);
  bytes.append(6, '\0');
  for (const std::string_view label : split(question.name, '.')) {
    bytes.push_back(static_cast<char>(label.size()));
    bytes.append(label);
  }
  bytes.push_back('\0');
  put_16(bytes, question.type);
  put_16(bytes, ns_c_in);
  return bytes;
}

Result<DnsAnswer> read_dns_answer(const DnsQuestion& question, std::string_view bytes) {
  ns_msg message{};
  ns_rr record{};
  const auto refuse = [] { return fail(Fault::invalid, "it is no answer to the question"); };
  if (bytes.size() > limits::dns_answer_bytes_max ||
      ns_initparse(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()),
                   &message) != 0)
    return refuse();
  if (ns_msg_id(message) != question.id || ns_msg_getflag(message, ns_f_qr) != 1 ||
      ns_msg_count(message, ns_s_qd) != 1 || ns_parserr(&message, ns_s_qd, 0, &record) != 0 ||
      ns_rr_type(record) != question.type || ns_rr_class(record) != ns_c_in ||
      !equal_no_case(ns_rr_name(record), question.name))
    return refuse();
  DnsAnswer answer;
  answer.code = ns_msg_getflag(message, ns_f_rcode);
  answer.is_cut = ns_msg_getflag(message, ns_f_tc) == 1;
  const std::size_t count = std::min<std::size_t>(ns_msg_count(message, ns_s_an), limits::dns_records_max);
  for (std::size_t i = 0; i < count; ++i) {
    if (ns_parserr(&message, ns_s_an, static_cast<int>(i), &record) != 0) return refuse();
    if (ns_rr_type(record) != question.type || ns_rr_class(record) != ns_c_in)
      continue; // an alias on the way
    std::string value = value_of(message, record);
    if (!value.empty()) answer.values.push_back(std::move(value));
  }
  return answer;
}

std::string dns_code_words(int code) {
  constexpr std::array<const char*, 6> words = {"NOERROR",  "FORMERR", "SERVFAIL",
                                                "NXDOMAIN", "NOTIMP",  "REFUSED"};
  const auto at = static_cast<std::size_t>(code);
  return at < words.size() ? words.at(at) : "response code " + std::to_string(code);
}

} // namespace kaden::probe
