#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace kaden::agent {

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (file.is_open()) {
    std::array<char, 8'192> part; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read(2)
    ssize_t got = 0;
    while (text.size() < bytes_max && (got = ::read(file.get(), part.data(), part.size())) > 0) {
      text.append(part.data(), static_cast<std::size_t>(got));
    }
    if (got >= 0) return text;
  }
  return tl::unexpected(errno_error("reading " + path));
}

Result<void> read_lines(const std::string& path, const std::function<void(std::string_view)>& take) {
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return tl::unexpected(errno_error("reading " + path));
  std::array<char, 16'384> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by read(2)
  constexpr std::size_t line_max = 4'096;
  std::size_t kept = 0;
  bool skipping = false;
  ssize_t got = 0;
  while ((got = ::read(file.get(), buffer.data() + kept, buffer.size() - kept)) > 0) {
    std::string_view text(buffer.data(), kept + static_cast<std::size_t>(got));
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      if (!skipping) take(text.substr(0, end));
      skipping = false;
      text.remove_prefix(end + 1);
    }
    if (text.size() > line_max) {
      skipping = true;
      text = {};
    }
    kept = text.size();
    if (kept > 0) std::char_traits<char>::move(buffer.data(), text.data(), kept);
  }
  if (got < 0) return tl::unexpected(errno_error("reading " + path));
  if (kept > 0 && !skipping) take({buffer.data(), kept});
  return {};
}

Result<void> write_all(const File& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return tl::unexpected(errno_error("writing"));
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  if (fdatasync(file.get()) != 0) return tl::unexpected(errno_error("syncing"));
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  const File file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.is_open()) return tl::unexpected(errno_error("writing " + fresh));
  if (const auto written = write_all(file, content); !written) return fail_while(fresh, written.error());
  if (rename(fresh.c_str(), path.c_str()) != 0) return tl::unexpected(errno_error("writing " + path));
  return {};
}

Result<void> make_folder(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    mkdir(path.substr(0, at).c_str(), 0700);
  }
  struct stat told {};
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return tl::unexpected(errno_error("making the folder " + path));
  if (stat(path.c_str(), &told) != 0 || !S_ISDIR(told.st_mode))
    return fail(Fault::unavailable, path + " is no folder");
  return {};
}

void sync_folder(const std::string& path) {
  const File folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.is_open()) fsync(folder.get());
}

} // namespace kaden::agent
