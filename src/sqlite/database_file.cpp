#include "kaden/database_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace kaden::sqlite {

namespace {

std::string errno_text() {
  return std::system_category().message(errno);
}

/// Open file descriptor, closed at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

Result<void> sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() < 0 || fsync(opened.number()) != 0) {
    return fail(Fault::unavailable, "syncing the folder " + folder + ": " + errno_text());
  }
  return {};
}

} // namespace

Result<FileLock> FileLock::take(const std::string& path) {
  const std::string name = path + ".lock";
  const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return fail(Fault::unavailable, "opening " + name + ": " + errno_text());
  FileLock lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail(Fault::conflict, path + " is open in another Kaden");
    return fail(Fault::unavailable, "locking " + name + ": " + errno_text());
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<std::string> absolute_path(const std::string& path) {
  std::error_code code;
  const std::string absolute = std::filesystem::absolute(path, code);
  if (path.empty() || code) return fail(Fault::invalid, "'" + path + "' is not a path");
  return absolute;
}

Result<void> make_file(const std::string& path) {
  // O_EXCL: a database that is there is never opened here, since closing any descriptor of it would drop the
  // POSIX locks that SQLite holds in this process.
  const Descriptor made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (made.number() >= 0) {
    if (fsync(made.number()) != 0) return fail(Fault::unavailable, "creating " + path + ": " + errno_text());
    return sync_folder_of(path);
  }
  if (errno != EEXIST) return fail(Fault::unavailable, "creating " + path + ": " + errno_text());
  if (chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) {
    return fail(Fault::unavailable, "setting the mode of " + path + ": " + errno_text());
  }
  return {};
}

} // namespace kaden::sqlite
