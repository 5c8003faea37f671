// Any bytes as a mail: all that comes out is UTF-8, within its limits, and without control characters.
#include <cstddef>
#include <cstdint>
#include <string>

#include "kaden/limits/mail.h"
#include "kaden/mime.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  const std::string bytes(data, data + size);
  const mime::Mail mail = mime::read(bytes);
  for (const std::string* line :
       {&mail.message_id, &mail.date, &mail.from, &mail.from_address, &mail.subject}) {
    require(is_valid_utf8(*line), "headers are UTF-8");
    require(line->find('\n') == std::string::npos && line->find('\0') == std::string::npos, "on one line");
    require(line->size() <= limits::mail_subject_bytes_max, "headers have a limit");
  }
  require(is_valid_utf8(mail.text) && mail.text.size() <= limits::mail_body_bytes_max,
          "the text is UTF-8, and bounded");
  for (const char c : mail.text) {
    const auto byte = static_cast<unsigned char>(c);
    require(byte >= 0x20 || byte == '\n' || byte == '\t', "no control characters");
  }
  require(mail.attachments.size() <= limits::mail_names_max, "so do the names of attachments");
  for (const std::string& name : mail.attachments) require(is_valid_utf8(name), "which are UTF-8");
  return 0;
}
