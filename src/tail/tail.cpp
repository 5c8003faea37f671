#include "kaden/tail.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "kaden/limits/agent.h"

namespace kaden::tail {

namespace {

using File = runtime::Descriptor;

constexpr std::size_t read_bytes = 65'536;
constexpr std::size_t round_bytes_max = 2u << 20; // then others get their turn, and stop() is looked at
constexpr int idle_ticks_max = 5;                 // seconds, about: then an open multi-line event is over
constexpr std::size_t folder_entries_max = 2'000;

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}
std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

bool is_packed(std::string_view name) {
  static constexpr std::array<std::string_view, 5> ends = {".gz", ".bz2", ".xz", ".zst", ".zip"};
  return std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return name.ends_with(end); });
}

/// CRC of `bytes` bytes at `offset`; other than any print when they are not there.
std::uint64_t print_at(const File& file, std::uint64_t offset, std::size_t bytes) {
  std::array<char, limits::print_bytes_max> part{};
  if (bytes == 0) return 0;
  const ssize_t got = pread(file.get(), part.data(), bytes, static_cast<off_t>(offset));
  return got == static_cast<ssize_t>(bytes)
             ? crc32(0, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(bytes))
             : ~std::uint64_t{0};
}

bool fits(const File& file, const FilePosition& at) {
  if (at.offset > 0 && at.head_bytes == 0) return false; // it was cut when its prints were taken
  return print_at(file, 0, at.head_bytes) == at.head_print &&
         print_at(file, at.offset - at.tail_bytes, at.tail_bytes) == at.tail_print;
}

FilePosition position_in(const File& file, const FileKey& key, std::string path, std::uint64_t offset) {
  FilePosition at{key.first, key.second, offset, 0, 0, 0, 0, std::move(path)};
  const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(offset, limits::print_bytes_max));
  const std::uint64_t head = print_at(file, 0, bytes);
  const std::uint64_t tail = print_at(file, offset - bytes, bytes);
  if (head > 0xFFFFFFFFU || tail > 0xFFFFFFFFU)
    return at; // cut meanwhile: no prints, and the next look tells
  at.head_bytes = at.tail_bytes = bytes;
  at.head_print = static_cast<std::uint32_t>(head);
  at.tail_print = static_cast<std::uint32_t>(tail);
  return at;
}

File open_file(const std::string& path) {
  return File(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
}

struct ClosePacked {
  void operator()(gzFile file) const { gzclose(file); }
};

/// What a file packed by gzip holds, when its beginning has the print of `at`; not open: it has not, or is
/// too large.
File unpack(const std::string& path, const FilePosition& at) {
  const std::unique_ptr<gzFile_s, ClosePacked> packed(gzopen(path.c_str(), "rbe"));
  if (packed == nullptr) return File();
  std::vector<char> part(read_bytes);
  File out;
  std::size_t total = 0;
  for (bool is_first = true;; is_first = false) {
    const int got = gzread(packed.get(), part.data(), static_cast<unsigned>(part.size()));
    if (got < 0) return File();
    if (is_first) {
      const bool is_it =
          static_cast<std::size_t>(got) >= at.head_bytes &&
          crc32(0, reinterpret_cast<const Bytef*>(part.data()), at.head_bytes) == at.head_print;
      if (!is_it) return File();
      out = File(open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
      if (!out.is_open()) return File();
    }
    if (got == 0) return out;
    total += static_cast<std::size_t>(got);
    if (total > limits::unpacked_bytes_max ||
        write(out.get(), part.data(), static_cast<std::size_t>(got)) != got)
      return File();
  }
}

std::vector<std::string> glob_paths(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread changes the environment or the working folder
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc && i < 4 * limits::followed_files_max; ++i)
      paths.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  return paths;
}

} // namespace

// Positions
// -----------------------------------------------------------------------------------------------------

void PositionBook::mark(const FilePosition& at) {
  std::lock_guard lock(mutex_);
  positions_.insert_or_assign({at.device, at.inode}, std::pair(at, ++clock_));
  changed_ = true;
  while (positions_.size() > 2 * limits::followed_files_max) {
    positions_.erase(std::min_element(positions_.begin(), positions_.end(), [](const auto& a, const auto& b) {
      return a.second.second < b.second.second;
    }));
  }
}

void PositionBook::forget(const FileKey& file) {
  std::lock_guard lock(mutex_);
  changed_ = positions_.erase(file) > 0 || changed_;
}

std::vector<FilePosition> PositionBook::all() const {
  std::lock_guard lock(mutex_);
  std::vector<FilePosition> out;
  for (const auto& [key, position] : positions_) out.push_back(position.first);
  return out;
}

bool PositionBook::take_changed() {
  std::lock_guard lock(mutex_);
  return std::exchange(changed_, false);
}

void PositionBook::set_changed() {
  std::lock_guard lock(mutex_);
  changed_ = true;
}

// Following
// -----------------------------------------------------------------------------------------------------

struct Tail::Followed {
  std::size_t rule;
  std::string path;
  File file;
  FileKey key;
  EventCutter cutter;
  std::uint64_t read_offset;
  FilePosition safe_to; ///< prints up to what is done with
  bool rotated = false, seen = true, is_unpacked = false;
  int idle_ticks = 0;
  std::int64_t changed = 0; ///< the file's own time, in ns
};

Tail::Tail(std::vector<Rule> rules, PositionBook& book, Log log)
    : book_(book), rules_(std::move(rules)), log_(std::move(log)), standings_(rules_.size()) {}

Tail::~Tail() = default;

std::size_t Tail::rule_of(const std::string& path) const {
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return fnmatch(rule.path.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  });
  return static_cast<std::size_t>(found - rules_.begin());
}

FilePosition Tail::position(const FileKey& file, std::uint64_t offset) {
  const auto one = std::find_if(followed_.begin(), followed_.end(),
                                [&](const Followed& each) { return each.key == file; });
  require(one != followed_.end(), "the position of a file is asked for while it is followed");
  one->safe_to = position_in(one->file, one->key, one->path, offset);
  return one->safe_to;
}

std::set<std::string> Tail::folders() const {
  std::set<std::string> out;
  for (const Followed& one : followed_) {
    if (!one.rotated) out.insert(folder_of(one.path));
  }
  return out;
}

Tail::Followed* Tail::follow(std::size_t rule, const std::string& path, File file, std::uint64_t offset) {
  struct stat told {};
  if (fstat(file.get(), &told) != 0) return nullptr;
  const FileKey key{told.st_dev, told.st_ino};
  Decoder* const decoder = rules_[rule].decoder.get();
  if (decoder != nullptr) offset -= offset % decoder->unit_bytes(); // half a character was there
  FilePosition safe_to = position_in(file, key, path, offset);
  followed_.push_back({rule, path, std::move(file), key,
                       EventCutter(rules_[rule].start.get(), offset, decoder), offset, std::move(safe_to)});
  return &followed_.back();
}

/// The file itself under another name, or a copy of it: read on from `at`.
bool Tail::follow_elsewhere(std::size_t rule, const FilePosition& at) {
  const std::string folder = folder_of(at.path);
  const std::unique_ptr<DIR, int (*)(DIR*)> open_folder(opendir(folder.empty() ? "/" : folder.c_str()),
                                                        &closedir);
  if (open_folder == nullptr) return false;
  std::size_t looked = 0;
  while (const dirent* entry = readdir(open_folder.get())) { // NOLINT(concurrency-mt-unsafe): ours alone
    const std::string path = folder + "/" + entry->d_name;
    struct stat told {};
    if (is_packed(path) || ++looked > folder_entries_max || stat(path.c_str(), &told) != 0 ||
        !S_ISREG(told.st_mode) || static_cast<std::uint64_t>(told.st_size) < at.offset) {
      continue;
    }
    const FileKey key{told.st_dev, told.st_ino};
    const bool is_itself = key == FileKey{at.device, at.inode};
    // An empty print says nothing about a copy.
    if (!is_itself && (at.head_bytes == 0 || path == at.path)) continue;
    if (std::any_of(followed_.begin(), followed_.end(), [&](const Followed& one) { return one.key == key; }))
      continue;
    File file = open_file(path);
    if (!file.is_open() || !fits(file, at)) continue;
    Followed* const one = follow(rule, at.path, std::move(file), at.offset);
    if (one == nullptr) continue;
    one->rotated = true;
    // The events before it come first.
    followed_.splice(followed_.begin(), followed_, std::prev(followed_.end()));
    return true;
  }
  return false;
}

/// The file after it was rotated and packed by gzip, in its folder or one below: read on from `at`.
bool Tail::follow_packed(std::size_t rule, const FilePosition& at) {
  if (at.head_bytes == 0) return false;
  const std::string begin = folder_of(at.path);
  const std::string name = base_name(at.path);
  const std::string stem = name.substr(0, name.rfind('.')); // "app.log" may become "app-20261127.log.gz"
  for (const std::string& pattern : {begin + "/" + stem + "*.gz", begin + "/*/" + stem + "*.gz"}) {
    for (const std::string& path : glob_paths(pattern)) {
      File file = unpack(path, at);
      if (!file.is_open() || !fits(file, at)) continue;
      Followed* const one = follow(rule, at.path, std::move(file), at.offset);
      if (one == nullptr) continue;
      one->rotated = one->is_unpacked = true;
      book_.forget({at.device, at.inode});
      book_.mark(one->safe_to);
      followed_.splice(followed_.begin(), followed_, std::prev(followed_.end()));
      log_(at.path + " was rotated and packed meanwhile; " + path + " is read to the end");
      return true;
    }
  }
  return false;
}

/// A file from before the start is not where it was.
void Tail::find_again(std::size_t rule, const FilePosition& at) {
  if (follow_elsewhere(rule, at) || follow_packed(rule, at)) return;
  book_.forget({at.device, at.inode});
  if (at.offset == 0) return;
  ++lost_;
  log_(at.path + " is another file now, and the one that was read up to byte " + std::to_string(at.offset) +
       " is not in its folder: what it got after that is not read");
}

/// logrotate's copytruncate copies first and cuts then: the copy must not be read from its beginning. What
/// stands in it is read through the original, or, once that is cut, by follow_elsewhere().
bool Tail::is_copy(const File& file, const FileKey& key, const std::string& path, std::uint64_t size) {
  constexpr std::uint32_t telling_bytes = 64; // fewer may be the same by chance
  constexpr int ticks_max = 3;
  for (const Followed& one : followed_) {
    const FilePosition& at = one.safe_to;
    if (at.head_bytes < telling_bytes) continue;
    if (size >= at.offset && fits(file, at)) {
      copies_.insert(key);
      book_.mark(position_in(file, key, path, size));
      return true;
    }
    const bool may_grow = size < at.offset && print_at(file, 0, at.head_bytes) == at.head_print;
    if (may_grow && ++unfinished_[key] <= ticks_max) return true;
  }
  unfinished_.erase(key);
  return false;
}

/// Where a file begins that is met for the first time since the start.
std::uint64_t Tail::begin_of(std::size_t rule, const std::string& path, const File& file, const FileKey& key,
                             std::uint64_t size, bool& is_a_copy) {
  const auto known = book_.all();
  const auto saved = std::find_if(known.begin(), known.end(), [&](const FilePosition& at) {
    return FileKey{at.device, at.inode} == key;
  });
  const auto copy = std::find_if(copied_.rbegin(), copied_.rend(), [&](const FilePosition& at) {
    return at.head_bytes > 0 && FileKey{at.device, at.inode} != key && fits(file, at);
  });
  if (saved != known.end()) {
    if (fits(file, *saved)) return saved->offset;
    // Cut while nobody looked, or another file with its old number.
    if (!has_scanned_) find_again(rule, *saved);
    copied_.push_back(*saved);
    return 0;
  }
  if (copy != copied_.rend()) return copy->offset;
  is_a_copy = is_copy(file, key, path, size);
  return rules_[rule].from_end && !has_scanned_ ? size : 0;
}

/// A path that a glob has found.
void Tail::meet(std::size_t rule, const std::string& path) {
  RuleStanding& standing = standings_[rule];
  const auto note = [&](int why) { standing.trouble = path + ": " + std::system_category().message(why); };
  struct stat told {};
  if (stat(path.c_str(), &told) != 0) return note(errno);
  if (!S_ISREG(told.st_mode)) return;
  const FileKey key{told.st_dev, told.st_ino};
  for (Followed& one : followed_) {
    if (one.key != key) continue;
    one.path = path; // it may have been renamed
    one.seen = true;
    one.rotated = false;
    ++standing.files;
    return;
  }
  if (copies_.count(key) > 0) return;
  if (followed_.size() >= limits::followed_files_max) {
    standing.trouble = "too many files: " + path + " and others are not followed";
    if (!told_too_many_) log_(standing.trouble);
    told_too_many_ = true;
    return;
  }
  File file = open_file(path);
  if (!file.is_open()) return note(errno);
  bool is_a_copy = false;
  const std::uint64_t offset =
      begin_of(rule, path, file, key, static_cast<std::uint64_t>(told.st_size), is_a_copy);
  if (is_a_copy) return;
  if (Followed* const one = follow(rule, path, std::move(file), offset)) {
    ++standing.files;
    if (offset > 0) book_.mark(one->safe_to);
  }
}

/// Files that were followed before the start and have been renamed meanwhile.
void Tail::look_for_moved() {
  for (const FilePosition& at : book_.all()) {
    struct stat told {};
    const bool stands = stat(at.path.c_str(), &told) == 0 &&
                        FileKey{told.st_dev, told.st_ino} == FileKey{at.device, at.inode};
    const std::size_t rule = stands ? rules_.size() : rule_of(at.path);
    if (rule < rules_.size()) find_again(rule, at);
  }
}

void Tail::scan() {
  for (Followed& one : followed_) one.seen = false;
  if (!has_scanned_) look_for_moved();
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    standings_[rule] = {};
    for (const std::string& path : glob_paths(rules_[rule].path)) {
      const auto& exclude = rules_[rule].exclude;
      const bool excluded = std::any_of(exclude.begin(), exclude.end(), [&](const std::string& glob) {
        return glob_match(glob, path) || glob_match(glob, base_name(path));
      });
      if (!excluded && !is_packed(path)) meet(rule, path);
    }
    if (standings_[rule].files == 0 && standings_[rule].trouble.empty()) {
      struct stat told {};
      const bool is_there = stat(rules_[rule].path.c_str(), &told) == 0;
      const int why = is_there ? 0 : errno;
      standings_[rule].trouble =
          rules_[rule].path + ": " +
          (is_there ? "is no file that can be followed" : std::system_category().message(why));
      standings_[rule].is_missing = why == ENOENT;
    }
  }
  for (Followed& one : followed_) one.rotated = one.rotated || !one.seen;
  constexpr std::size_t remembered_max = 100;
  if (copies_.size() > limits::followed_files_max) copies_.clear();
  if (unfinished_.size() > limits::followed_files_max) unfinished_.clear();
  if (copied_.size() > remembered_max) copied_.erase(copied_.begin(), copied_.end() - remembered_max);
  has_scanned_ = true;
}

void Tail::take_events(Followed& one, const Sink& sink, bool last) {
  std::uint64_t begin = one.cutter.consumed();
  while (auto event = one.cutter.next(last)) {
    sink.take({one.rule, one.path, one.key, std::move(event->text), begin, event->end, event->is_garbled});
    begin = event->end;
  }
}

/// It was cut, or written anew. True when a copy is read first.
bool Tail::restart(Followed& one, const Sink& sink) {
  const bool found = follow_elsewhere(one.rule, one.safe_to);
  copied_.push_back(one.safe_to);
  if (!found) {
    // What was read of an unfinished event stands nowhere else any more.
    take_events(one, sink, true);
  }
  sink.forget(one.key);
  one.cutter = EventCutter(rules_[one.rule].start.get(), 0, rules_[one.rule].decoder.get());
  one.read_offset = 0;
  one.safe_to = position_in(one.file, one.key, one.path, 0);
  log_(one.path + " was cut or written anew" + (found ? "; its copy is read to the end" : ""));
  return found;
}

void Tail::read(Followed& one, const Sink& sink, bool tick, std::size_t& budget) {
  struct stat told {};
  if (fstat(one.file.get(), &told) != 0) return;
  const auto size = static_cast<std::uint64_t>(told.st_size);
  // A file may be cut and grow to the same size again.
  const std::int64_t changed = told.st_mtim.tv_sec * 1'000'000'000 + told.st_mtim.tv_nsec;
  const bool untouched = changed == std::exchange(one.changed, changed);
  if (size == one.read_offset && (untouched || fits(one.file, one.safe_to))) {
    const bool is_over = tick && ++one.idle_ticks == idle_ticks_max;
    if (is_over && rules_[one.rule].start != nullptr) take_events(one, sink, true);
    return;
  }
  one.idle_ticks = 0;
  const bool is_cut = size < one.read_offset || !fits(one.file, one.safe_to);
  if (is_cut && restart(one, sink)) return; // what the copy holds came before
  std::array<char, read_bytes> part; // NOLINT(cppcoreguidelines-pro-type-member-init): filled by pread(2)
  while (budget > 0 && sink.has_room()) {
    const ssize_t got = pread(one.file.get(), part.data(), std::min(part.size(), budget),
                              static_cast<off_t>(one.read_offset));
    if (got <= 0) return;
    const auto bytes = static_cast<std::size_t>(got);
    one.read_offset += bytes;
    budget -= bytes;
    one.cutter.feed({part.data(), bytes});
    take_events(one, sink, false);
  }
}

bool Tail::round(const Sink& sink, bool tick) {
  if (tick) scan();
  std::size_t budget = round_bytes_max;
  // restart() puts copies in front: they get their turn in the next round, which comes at once.
  const std::size_t before = followed_.size();
  for (Followed& one : followed_) {
    if (budget == 0 || !sink.has_room()) break;
    read(one, sink, tick, budget);
  }
  const bool has_more = budget == 0 || followed_.size() > before;
  followed_.remove_if([&](Followed& one) {
    // Rotated, read to its end, and nobody writes to it any more.
    if (!one.rotated || one.idle_ticks < idle_ticks_max) return false;
    take_events(one, sink, true);
    sink.ending(one.key);
    if (one.is_unpacked) book_.forget(one.key); // or it would be unpacked at each start
    return true;
  });
  return has_more;
}

} // namespace kaden::tail
