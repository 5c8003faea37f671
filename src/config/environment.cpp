// The real files and variables: the only part of the room that touches the machine.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <system_error>

#include "kaden/config.h"
#include "kaden/limits/input.h"

namespace kaden::config {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

tl::unexpected<Error> cannot_read(const std::string& path, int number) {
  const Fault fault = number == ENOENT ? Fault::not_found : Fault::unavailable;
  return fail(fault, fmt::format("{} cannot be read: {}", path, std::generic_category().message(number)));
}

Result<FileText> read_file(const std::string& path) {
  // O_NONBLOCK: a named pipe without a writer would hold us at open() for ever.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0) return cannot_read(path, errno);
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0) return cannot_read(path, errno);
  if (!S_ISREG(facts.st_mode)) return fail(Fault::invalid, path + " is not a regular file");
  FileText read;
  read.mode = static_cast<unsigned>(facts.st_mode) & 07777U;
  std::array<char, 65'536> part{};
  while (true) {
    const ssize_t count = ::read(file.number(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(path, errno);
    if (count == 0) return read;
    read.text.append(part.data(), static_cast<std::size_t>(count));
    if (read.text.size() > limits::config_bytes_max) {
      return fail(Fault::invalid, fmt::format("{} is over {} bytes long", path, limits::config_bytes_max));
    }
  }
}

std::map<std::string, std::string> variables() {
  std::map<std::string, std::string> all;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

} // namespace

Environment process_environment() {
  Environment environment;
  environment.read_file = read_file;
  environment.variable = [all = variables()](const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  return environment;
}

} // namespace kaden::config
