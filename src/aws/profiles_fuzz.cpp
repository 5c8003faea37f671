// Feeds a text to the reader of profiles, as either file: no crash, and mistakes can be read.
#include <cstddef>
#include <cstdint>

#include "kaden/aws_profiles.h"
#include "words_of_command.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kaden;
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(data[i]);
  for (const auto kind : {aws::ProfileFile::credentials, aws::ProfileFile::config}) {
    aws::Profiles profiles;
    const auto read = aws::parse_profiles(text, kind, profiles);
    require(read || (read.error().fault == Fault::invalid && read.error().message.size() < 1'000),
            "a mistake can be read");
    aws::Profiles again = profiles;
    require(!read || aws::parse_profiles(text, kind, again).has_value(), "what was read is read again");
  }
  const auto words = aws::words_of_command(text);
  require(!words || !words->front().empty(), "a command has a program");
  return 0;
}
