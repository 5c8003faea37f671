#include "read_message.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/url.h>

#include <string>

namespace kaden::nta {
namespace {

/// The library allocates texts on a home; this one frees them at the end of the reading.
class Scratch {
 public:
  Scratch() { su_home_init(&home_); }
  ~Scratch() { su_home_deinit(&home_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string text_of(const url_t* url) {
    const char* text = url ? url_as_string(&home_, url) : nullptr;
    return text ? text : "";
  }

 private:
  su_home_t home_{};
};

/// As it stands on the wire, without its name. (The library's sip_header_as_string() forgets the terminator
/// when the text fills its buffer to the byte.)
template <class H>
std::string value_of(const H* header) {
  std::string text(256, '\0');
  for (int attempt = 0; attempt < 2; ++attempt) {
    const issize_t size = sip_header_field_e(text.data(), static_cast<isize_t>(text.size()),
                                             reinterpret_cast<const sip_header_t*>(header), 0);
    if (size < 0) return "";
    const bool fits = static_cast<std::size_t>(size) < text.size();
    text.resize(static_cast<std::size_t>(size) + (fits ? 0 : 1));
    if (fits) return text;
  }
  return "";
}

std::string owned(const char* text) {
  return text ? text : "";
}

std::string unquoted(const char* display) {
  const std::string_view text = trim(display ? display : "");
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

sip::Party party_of(const sip_addr_t* address, Scratch& scratch) {
  if (!address) return {};
  return {unquoted(address->a_display), scratch.text_of(address->a_url), owned(address->a_tag)};
}

} // namespace

sip::Message read_message(const sip_t& parsed, bool is_local) {
  Scratch scratch;
  sip::Message out;
  out.local = is_local;
  if (parsed.sip_request) {
    out.method = owned(parsed.sip_request->rq_method_name);
    out.uri = scratch.text_of(parsed.sip_request->rq_url);
  } else if (parsed.sip_status) {
    out.status = parsed.sip_status->st_status;
    out.phrase = owned(parsed.sip_status->st_phrase);
    out.method = parsed.sip_cseq ? owned(parsed.sip_cseq->cs_method_name) : "";
  }
  if (parsed.sip_call_id) out.call_id = owned(parsed.sip_call_id->i_id);
  out.from = party_of(parsed.sip_from, scratch);
  out.to = party_of(parsed.sip_to, scratch);
  if (parsed.sip_cseq) out.cseq = parsed.sip_cseq->cs_seq;
  if (parsed.sip_via) out.branch = owned(parsed.sip_via->v_branch);
  if (parsed.sip_contact) out.contact = scratch.text_of(parsed.sip_contact->m_url);
  for (const sip_record_route_t* route = parsed.sip_record_route; route; route = route->r_next) {
    out.routes.push_back(scratch.text_of(route->r_url));
  }
  if (parsed.sip_content_type) out.content_type = owned(parsed.sip_content_type->c_type);
  if (parsed.sip_payload) out.body.assign(parsed.sip_payload->pl_data, parsed.sip_payload->pl_len);
  for (const sip_reason_t* h = parsed.sip_reason; h; h = h->re_next)
    out.headers.push_back({"Reason", value_of(h)});
  for (const sip_www_authenticate_t* h = parsed.sip_www_authenticate; h; h = h->au_next) {
    out.headers.push_back({"WWW-Authenticate", value_of(h)});
  }
  for (const sip_proxy_authenticate_t* h = parsed.sip_proxy_authenticate; h; h = h->au_next) {
    out.headers.push_back({"Proxy-Authenticate", value_of(h)});
  }
  return out;
}

} // namespace kaden::nta
