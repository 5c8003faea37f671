#include "spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "gzip.h"
#include "proc_words.h"

#include "kaden/limits/agent.h"

namespace kaden::agent {

namespace {

constexpr std::size_t record_head_bytes = 4 + 4 + 8 + 8;
constexpr std::string_view segment_suffix = ".seg";

template <class Number>
void put_number(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out += static_cast<char>(static_cast<unsigned char>(number >> (8 * i)));
  }
}

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number |= static_cast<Number>(static_cast<Number>(static_cast<unsigned char>(bytes[at + i])) << (8 * i));
  }
  return number;
}

std::string segment_name(std::uint64_t first) {
  std::string digits = std::to_string(first);
  return std::string(20 - digits.size(), '0') + digits + std::string(segment_suffix);
}

std::vector<std::string> segment_names(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.c_str()), &closedir);
  if (open == nullptr) return names;
  while (const dirent* entry = readdir(open.get())) { // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string_view name = entry->d_name;
    if (name.size() == 20 + segment_suffix.size() && name.ends_with(segment_suffix) &&
        parse_count(name.substr(0, 20)))
      names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace

std::string encode_record(const SpoolRecord& record) {
  require(record.content.size() <= limits::spool_record_bytes_max, "a record has its limit");
  std::string covered;
  covered.reserve(16 + record.content.size());
  put_number(covered, record.number);
  put_number(covered, static_cast<std::uint64_t>(to_ms(record.at)));
  covered.append(record.content);
  std::string out;
  put_number(out, static_cast<std::uint32_t>(record.content.size()));
  put_number(out, static_cast<std::uint32_t>(crc_of(covered, crc_of(out))));
  return out.append(covered);
}

std::optional<std::pair<SpoolRecord, std::size_t>> decode_record(std::string_view bytes) {
  if (bytes.size() < record_head_bytes) return std::nullopt;
  const std::size_t size = number_at<std::uint32_t>(bytes, 0);
  if (size > limits::spool_record_bytes_max || bytes.size() - record_head_bytes < size) return std::nullopt;
  const std::string_view covered = bytes.substr(8, 16 + size);
  if (crc_of(covered, crc_of(bytes.substr(0, 4))) != number_at<std::uint32_t>(bytes, 4)) return std::nullopt;
  const SpoolRecord record{number_at<std::uint64_t>(bytes, 8),
                           wall_time(static_cast<std::int64_t>(number_at<std::uint64_t>(bytes, 16))),
                           bytes.substr(record_head_bytes, size)};
  return std::pair(record, record_head_bytes + size);
}

bool scan_segment(std::string_view bytes,
                  const std::function<void(const SpoolRecord&, std::size_t at)>& take) {
  if (!bytes.starts_with(segment_heading)) return bytes.empty();
  std::size_t at = segment_heading.size();
  while (at < bytes.size()) {
    const auto record = decode_record(bytes.substr(at));
    if (!record) return false;
    take(record->first, at);
    at += record->second;
  }
  return true;
}

std::string encode_done(std::uint64_t number) {
  std::string bytes;
  put_number(bytes, number);
  put_number(bytes, static_cast<std::uint32_t>(crc_of(bytes)));
  return bytes;
}

std::optional<std::uint64_t> decode_done(std::string_view text) {
  if (text.size() != 12 || crc_of(text.substr(0, 8)) != number_at<std::uint32_t>(text, 8))
    return std::nullopt;
  return number_at<std::uint64_t>(text, 0);
}

Result<std::unique_ptr<Spool>> Spool::open(SpoolSettings settings) {
  std::unique_ptr<Spool> spool(new Spool(std::move(settings)));
  if (spool->settings_.folder.empty()) return spool;
  if (auto recovered = spool->recover(); !recovered)
    return fail_while("opening the spool of " + spool->settings_.name, recovered.error());
  return spool;
}

Spool::~Spool() {
  std::lock_guard lock(mutex_);
  keep_locked();
}

Result<void> Spool::recover() {
  if (auto made = make_folder(settings_.folder); !made) return made;
  lock_ = File(::open(path_of("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_.is_open()) return tl::unexpected(errno_error("opening " + path_of("lock")));
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Fault::conflict, settings_.folder + " is in use by another agent");
  done_ = File(::open(path_of("done").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!done_.is_open()) return tl::unexpected(errno_error("opening " + path_of("done")));
  const auto text = read_file(path_of("done"), 64);
  const std::uint64_t done = text ? decode_done(*text).value_or(0) : 0;
  last_done_ = done;
  next_number_ = done + 1;
  for (const std::string& name : segment_names(settings_.folder)) recover_segment(name, done);
  if (!segments_.empty()) {
    std::size_t waiting = 0;
    for (const Segment& segment : segments_) waiting += segment.waiting;
    away_ = true;
    settings_.log(std::to_string(waiting) + " requests of " + settings_.name + " wait from before the start");
  }
  return {};
}

void Spool::recover_segment(const std::string& name, std::uint64_t done) {
  Segment segment;
  segment.path = path_of(name);
  const auto bytes =
      read_file(segment.path, limits::spool_segment_bytes_max + limits::spool_record_bytes_max + 64);
  if (!bytes) return disk_problem(bytes.error());
  const bool whole = scan_segment(*bytes, [&](const SpoolRecord& record, std::size_t at) {
    segment.last = record.number;
    if (record.number <= done) return;
    if (segment.waiting++ == 0) segment.cursor = at;
    if (settings_.on_safe) settings_.on_safe(record.content);
  });
  if (!whole) settings_.log("the end of " + segment.path + " is damaged and passed over");
  next_number_ = std::max(next_number_, segment.last + 1);
  if (segment.waiting == 0) {
    unlink(segment.path.c_str());
    return;
  }
  segment.bytes = bytes->size();
  disk_bytes_ += segment.bytes;
  segments_.push_back(std::move(segment));
}

void Spool::disk_problem(const Error& error) {
  if (error.message == last_problem_) return;
  last_problem_ = error.message;
  settings_.log("the spool of " + settings_.name + " cannot use the disk: " + error.message);
}

bool Spool::begin_segment(std::uint64_t number) {
  Segment segment;
  segment.path = path_of(segment_name(number));
  writing_ = File(::open(segment.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const auto written = writing_.is_open()
                           ? write_all(writing_, segment_heading)
                           : Result<void>(tl::unexpected(errno_error("opening " + segment.path)));
  if (!written) {
    disk_problem(written.error());
    writing_.close();
    unlink(segment.path.c_str());
    return false;
  }
  sync_folder(settings_.folder);
  segment.bytes = segment.cursor = segment_heading.size();
  disk_bytes_ += segment.bytes;
  segments_.push_back(std::move(segment));
  return true;
}

bool Spool::to_disk(const Entry& entry) {
  if (settings_.folder.empty()) return false;
  const bool fits =
      writing_.is_open() && !segments_.empty() && segments_.back().bytes < limits::spool_segment_bytes_max;
  if (!fits && !begin_segment(entry.number)) return false;
  Segment& segment = segments_.back();
  const std::string record = encode_record({entry.number, entry.at, entry.content});
  if (const auto written = write_all(writing_, record); !written) {
    disk_problem(written.error());
    // Nothing half-written may stand before the next record.
    const bool mended = ftruncate(writing_.get(), static_cast<off_t>(segment.bytes)) == 0 &&
                        lseek(writing_.get(), 0, SEEK_END) >= 0;
    if (!mended) writing_.close();
    return false;
  }
  last_problem_.clear();
  segment.last = entry.number;
  ++segment.waiting;
  segment.bytes += record.size();
  disk_bytes_ += record.size();
  return true;
}

void Spool::put(std::string content, WallTime at) {
  if (content.size() > limits::spool_record_bytes_max) {
    std::lock_guard lock(mutex_);
    return tell_dropped(1, "it is too large");
  }
  std::lock_guard lock(mutex_);
  Entry entry{next_number_++, at, std::move(content)};
  if (memory_.empty() && away_ && to_disk(entry)) {
    if (settings_.on_safe) settings_.on_safe(entry.content);
  } else {
    memory_bytes_ += entry.content.size();
    memory_.push_back(std::move(entry));
    if (away_) keep_locked();
  }
  shed();
}

void Spool::keep() {
  std::lock_guard lock(mutex_);
  away_ = true;
  keep_locked();
  shed();
}

void Spool::keep_locked() {
  while (!memory_.empty() && to_disk(memory_.front())) {
    if (settings_.on_safe) settings_.on_safe(memory_.front().content);
    memory_bytes_ -= memory_.front().content.size();
    memory_.pop_front();
  }
}

void Spool::tell_dropped(std::uint64_t count, const char* why) {
  dropped_ += count;
  if (dropped_ < told_dropped_) return;
  // One line at the first, the tenth, the hundredth ...
  while (told_dropped_ <= dropped_) told_dropped_ *= 10;
  settings_.log(std::to_string(dropped_) + " requests of " + settings_.name + " were dropped so far: " + why);
}

void Spool::note_done(std::uint64_t number) {
  if (number <= last_done_) return;
  last_done_ = number;
  const std::string bytes = encode_done(number);
  const bool written =
      pwrite(done_.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()) &&
      fdatasync(done_.get()) == 0;
  if (!written) disk_problem(errno_error("writing " + path_of("done")));
}

void Spool::drop_front_segment(const char* why) {
  const Segment segment = std::move(segments_.front());
  segments_.pop_front();
  if (segments_.empty()) writing_.close();
  reading_.close();
  front_number_ = 0;
  note_done(segment.last);
  unlink(segment.path.c_str());
  disk_bytes_ -= std::min(disk_bytes_, segment.bytes);
  if (segment.waiting > 0) tell_dropped(segment.waiting, why);
}

void Spool::shed() {
  while (!segments_.empty() && disk_bytes_ > settings_.bytes_max)
    drop_front_segment("the spool is full, oldest first");
  while (!memory_.empty() && memory_bytes_ > settings_.memory_bytes_max) {
    if (settings_.on_safe) settings_.on_safe(memory_.front().content);
    memory_bytes_ -= memory_.front().content.size();
    memory_.pop_front();
    tell_dropped(1, "the memory for them is full, oldest first");
  }
}

std::optional<Spool::Entry> Spool::read_front() {
  while (!segments_.empty()) {
    Segment& segment = segments_.front();
    if (segment.waiting == 0) {
      drop_front_segment("");
      continue;
    }
    if (!reading_.is_open()) reading_ = File(::open(segment.path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, record_head_bytes> head{};
    std::string bytes;
    if (pread(reading_.get(), head.data(), head.size(), static_cast<off_t>(segment.cursor)) ==
        static_cast<ssize_t>(head.size())) {
      const std::size_t size = number_at<std::uint32_t>({head.data(), head.size()}, 0);
      bytes.resize(record_head_bytes + std::min(size, limits::spool_record_bytes_max));
      const ssize_t got =
          pread(reading_.get(), bytes.data(), bytes.size(), static_cast<off_t>(segment.cursor));
      bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    }
    const auto record = decode_record(bytes);
    if (!record) {
      drop_front_segment("their segment is damaged");
      continue;
    }
    front_number_ = record->first.number;
    front_bytes_ = record->second;
    return Entry{record->first.number, record->first.at, std::string(record->first.content)};
  }
  return std::nullopt;
}

std::optional<Spool::Entry> Spool::front(WallTime now) {
  std::lock_guard lock(mutex_);
  for (;;) {
    auto entry = read_front();
    const bool from_memory = !entry && !memory_.empty();
    if (from_memory) entry = memory_.front();
    if (!entry || now - entry->at <= settings_.age_max) return entry;
    tell_dropped(1, "they are too old");
    if (from_memory) {
      if (settings_.on_safe) settings_.on_safe(entry->content);
      memory_bytes_ -= entry->content.size();
      memory_.pop_front();
    } else {
      segments_.front().cursor += front_bytes_;
      --segments_.front().waiting;
    }
  }
}

void Spool::done(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  if (!segments_.empty()) {
    if (front_number_ != number) static_cast<void>(read_front()); // it may have gone to disk meanwhile
    if (segments_.empty() || front_number_ != number) return;     // dropped meanwhile
    Segment& segment = segments_.front();
    segment.cursor += front_bytes_;
    --segment.waiting;
    front_number_ = 0;
    note_done(number);
    if (segment.waiting == 0) drop_front_segment("");
    away_ = !segments_.empty();
    return;
  }
  if (memory_.empty() || memory_.front().number != number) return;
  if (settings_.on_safe) settings_.on_safe(memory_.front().content);
  memory_bytes_ -= memory_.front().content.size();
  memory_.pop_front();
  away_ = false;
}

Spool::Counts Spool::counts() const {
  std::lock_guard lock(mutex_);
  Counts counts{memory_.size(), memory_bytes_ + disk_bytes_, dropped_};
  for (const Segment& segment : segments_) counts.waiting += segment.waiting;
  return counts;
}

bool Spool::is_filling() const {
  std::lock_guard lock(mutex_);
  return memory_bytes_ > settings_.memory_bytes_max / 2 || disk_bytes_ > settings_.bytes_max / 2;
}

} // namespace kaden::agent
