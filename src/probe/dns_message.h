/// dns_message.h - DNS questions and answers as bytes. Room: probe, inside. Threads: values; any. Errors:
/// invalid for what is no answer to the question. Answers are read by the C library's own parser
/// (ns_initparse, ns_parserr), which every program of this machine trusts with the answers of strangers. RFC
/// 1035 section 4, RFC 6891 is not used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kaden/base.h"

namespace kaden::probe {

struct DnsQuestion {
  std::uint16_t id = 0;
  std::string name; ///< checked
  std::uint16_t type = 1;
};
/// With recursion desired.
std::string dns_query(const DnsQuestion& question);

struct DnsAnswer {
  int code = 0;        ///< RCODE
  bool is_cut = false; ///< ask again over TCP
  std::vector<std::string>
      values{}; ///< of the type asked for, aliases followed: "10.0.0.1", "10 mail.example"; lower case
};
/// Invalid: another id or question, no answer at all, or broken.
Result<DnsAnswer> read_dns_answer(const DnsQuestion& question, std::string_view bytes);
/// "NXDOMAIN", "SERVFAIL" ...
std::string dns_code_words(int code);

} // namespace kaden::probe
