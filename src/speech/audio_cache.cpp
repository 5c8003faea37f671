#include "audio_cache.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kaden::speech {
namespace {

namespace fs = std::filesystem;

// A file is the mark, the SHA-256 of the samples, and the samples, 16 bits each, low byte first.
constexpr std::string_view mark = "kaden audio 1\n";
constexpr std::string_view suffix = ".audio";
constexpr std::string_view unfinished = ".part";
constexpr std::size_t file_bytes_max = 64u << 20; // an hour; nothing that we wrote is larger

std::size_t bytes_of(const Audio& audio) {
  return audio.samples.size() * sizeof(std::int16_t);
}

std::string to_bytes(const Audio& audio) {
  std::string bytes;
  bytes.reserve(bytes_of(audio));
  for (const std::int16_t sample : audio.samples) {
    const auto value = static_cast<std::uint16_t>(sample);
    bytes += static_cast<char>(value & 0xFFu);
    bytes += static_cast<char>(value >> 8);
  }
  return bytes;
}

Audio from_bytes(std::string_view bytes) {
  Audio audio;
  audio.samples.reserve(bytes.size() / 2);
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    const auto low = static_cast<unsigned char>(bytes[at]);
    const auto high = static_cast<unsigned char>(bytes[at + 1]);
    audio.samples.push_back(static_cast<std::int16_t>(static_cast<std::uint16_t>(low | (high << 8))));
  }
  return audio;
}

} // namespace

AudioCache::AudioCache(std::string folder, std::size_t bytes_max)
    : folder_(std::move(folder)), bytes_max_(bytes_max) {
  if (!folder_.empty()) scan_folder();
}

AudioCache::Size AudioCache::size() const {
  const std::lock_guard lock(mutex_);
  return {entries_.size(), bytes_};
}

std::string AudioCache::path_of(const std::string& key) const {
  return folder_ + "/" + key + std::string(suffix);
}

void AudioCache::scan_folder() {
  std::error_code error;
  fs::create_directories(folder_, error);
  std::vector<std::pair<fs::file_time_type, File>> found;
  for (fs::directory_iterator each(folder_, error), end; !error && each != end; each.increment(error)) {
    std::error_code gone;
    const std::string path = each->path().string();
    if (path.ends_with(unfinished)) fs::remove(path, gone);
    if (!path.ends_with(suffix)) continue;
    const auto bytes = static_cast<std::size_t>(each->file_size(gone));
    const auto made = each->last_write_time(gone);
    if (!gone) found.push_back({made, File{path, bytes}});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second.path < b.second.path;
  });
  for (auto& [made, file] : found) {
    file_bytes_ += file.bytes;
    files_.push_back(std::move(file));
  }
  forget_old_files();
}

void AudioCache::forget_old_files() {
  while (file_bytes_ > bytes_max_ && !files_.empty()) {
    std::error_code gone;
    fs::remove(files_.front().path, gone);
    file_bytes_ -= files_.front().bytes;
    files_.pop_front();
  }
}

AudioPtr AudioCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->audio;
  }
  if (folder_.empty()) return nullptr;
  AudioPtr audio = read_file(path_of(key));
  if (audio) keep_in_memory(key, audio);
  return audio;
}

void AudioCache::keep(const std::string& key, const AudioPtr& audio) {
  const std::lock_guard lock(mutex_);
  keep_in_memory(key, audio);
  if (folder_.empty()) return;
  const std::string path = path_of(key);
  if (!write_file(path, *audio)) return;
  const auto known =
      std::find_if(files_.begin(), files_.end(), [&](const File& each) { return each.path == path; });
  if (known != files_.end()) {
    file_bytes_ -= known->bytes;
    files_.erase(known);
  }
  files_.push_back(File{path, bytes_of(*audio)});
  file_bytes_ += bytes_of(*audio);
  forget_old_files();
}

void AudioCache::keep_in_memory(const std::string& key, const AudioPtr& audio) {
  if (by_key_.contains(key) || bytes_of(*audio) > bytes_max_) return;
  entries_.push_front(Entry{key, audio});
  by_key_[key] = entries_.begin();
  bytes_ += bytes_of(*audio);
  while (bytes_ > bytes_max_) {
    bytes_ -= bytes_of(*entries_.back().audio);
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

/// Whole or not at all: written beside, then renamed. The digest inside finds what a power cut left.
bool AudioCache::write_file(const std::string& path, const Audio& audio) {
  const std::string part =
      path + "." + std::to_string(getpid()) + "-" + std::to_string(written_++) + std::string(unfinished);
  const std::string bytes = to_bytes(audio);
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file << mark << as_view(sha256(bytes)) << bytes;
  file.close();
  std::error_code error;
  if (file) fs::rename(part, path, error);
  if (file && !error) return true;
  fs::remove(part, error);
  return false;
}

AudioPtr AudioCache::read_file(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return nullptr;
  std::string bytes;
  if (size <= file_bytes_max) {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  constexpr std::size_t head = mark.size() + sizeof(Sha256);
  const std::string_view all = bytes;
  if (all.size() >= head && all.substr(0, mark.size()) == mark) {
    const std::string_view payload = all.substr(head);
    if (as_view(sha256(payload)) == all.substr(mark.size(), sizeof(Sha256))) {
      return std::make_shared<const Audio>(from_bytes(payload));
    }
  }
  fs::remove(path, error);
  return nullptr;
}

Result<void> AudioCache::check_folder() {
  if (folder_.empty()) return {};
  const std::lock_guard lock(mutex_);
  const std::string path = folder_ + "/check" + std::string(unfinished);
  const bool written = write_file(path, Audio{});
  std::error_code error;
  fs::remove(path, error);
  if (written) return {};
  return fail(Fault::unavailable, "speech cache: cannot write to " + folder_);
}

} // namespace kaden::speech
