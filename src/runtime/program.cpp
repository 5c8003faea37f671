#include "kaden/program.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <system_error>

// glibc 2.36 forgot the linkage in this header.
extern "C" {
#include <sys/pidfd.h>
}

extern char** environ;

namespace kaden::runtime {
namespace {

constexpr std::size_t output_bytes_max = 256u << 20; // the longest speech takes a fifth of it at 48 kHz
constexpr std::size_t complaints_bytes_max = 4'096;

/// A file descriptor and its owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

std::string system_words(int error) {
  return std::error_code(error, std::generic_category()).message();
}

Descriptor memory_file(const char* name) {
  return Descriptor(memfd_create(name, MFD_CLOEXEC));
}

bool fill(const Descriptor& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return lseek(file.number(), 0, SEEK_SET) == 0;
}

std::string contents(const Descriptor& file, std::size_t most) {
  struct stat status {};
  if (fstat(file.number(), &status) != 0 || status.st_size <= 0) return "";
  std::string bytes(std::min(static_cast<std::size_t>(status.st_size), most), '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got = pread(file.number(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    at += static_cast<std::size_t>(got);
  }
  bytes.resize(at);
  return bytes;
}

/// The child gets the three standard streams and nothing else, with every signal at its default.
class SpawnPlan {
 public:
  SpawnPlan(const Descriptor& in, const Descriptor& out, const Descriptor& err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in.number(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out.number(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err.number(), STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  Result<pid_t> start(const std::vector<std::string>& arguments) const {
    std::vector<std::string> copies = arguments;
    std::vector<char*> pointers;
    pointers.reserve(copies.size() + 1);
    for (std::string& each : copies) pointers.push_back(each.data());
    pointers.push_back(nullptr);
    pid_t pid = 0;
    const int error = posix_spawnp(&pid, pointers[0], &actions_, &attributes_, pointers.data(), environ);
    if (error == 0) return pid;
    return fail(Fault::unavailable, fmt::format("starting {}: {}", arguments[0], system_words(error)));
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// True when the process ended before `deadline`.
bool wait_until(const Clock& clock, pid_t pid, SteadyTime deadline) {
  const Descriptor process(pidfd_open(pid, 0));
  while (process.is_open()) {
    const Millis left = deadline - clock.steady();
    if (left <= Millis(0)) return false;
    pollfd ended{process.number(), POLLIN, 0};
    const int ready = poll(&ended, 1, static_cast<int>(std::min(left, seconds(60)).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

/// The process's status; it is ours until this was called.
int reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

} // namespace

Result<ProgramRun> run_program(const Clock& clock, const std::vector<std::string>& arguments,
                               std::string_view input, Millis most) {
  require(!arguments.empty(), "a program has a name");
  const Descriptor in = memory_file("kaden-in");
  const Descriptor out = memory_file("kaden-out");
  const Descriptor err = memory_file("kaden-err");
  if (!in.is_open() || !out.is_open() || !err.is_open() || !fill(in, input)) {
    return fail(Fault::unavailable, fmt::format("starting {}: {}", arguments[0], system_words(errno)));
  }
  const auto pid = SpawnPlan(in, out, err).start(arguments);
  if (!pid) return tl::unexpected<Error>(pid.error());
  const bool ended = wait_until(clock, *pid, clock.steady() + most);
  if (!ended) kill(*pid, SIGKILL);
  const int status = reap(*pid);
  if (!ended) {
    return fail(Fault::timeout, fmt::format("running {}: killed after {}", arguments[0], to_words(most)));
  }
  ProgramRun run;
  run.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  run.output = contents(out, output_bytes_max);
  run.complaints = contents(err, complaints_bytes_max);
  return run;
}

} // namespace kaden::runtime
