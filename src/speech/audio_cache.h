/// speech/audio_cache.h - rendered audio by key, in memory and, if wished, in a folder. Room: speech,
/// internal. Both are bounded in bytes: memory forgets what was not asked for longest, the folder what was
/// made first. Threads: any. Errors: a folder that fails only costs speed; files that are damaged are deleted
/// and made again.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "kaden/speech.h"

namespace kaden::speech {

class AudioCache {
 public:
  /// `folder` empty: memory only. Creates the folder.
  AudioCache(std::string folder, std::size_t bytes_max);

  /// Keys are hexadecimal digests. Null when it is not there.
  AudioPtr find(const std::string& key);
  void keep(const std::string& key, const AudioPtr& audio);
  /// What memory holds.
  struct Size {
    std::size_t sentences = 0, bytes = 0;
  };
  Size size() const;
  /// Fault::unavailable when there is a folder and nothing can be written to it.
  Result<void> check_folder();

 private:
  struct Entry {
    std::string key;
    AudioPtr audio;
  };
  struct File {
    std::string path;
    std::size_t bytes = 0;
  };
  void keep_in_memory(const std::string& key, const AudioPtr& audio);
  void scan_folder();
  bool write_file(const std::string& path, const Audio& audio);
  AudioPtr read_file(const std::string& path);
  std::string path_of(const std::string& key) const;
  void forget_old_files();

  const std::string folder_;
  const std::size_t bytes_max_;
  // State, under the mutex
  mutable std::mutex mutex_;
  std::list<Entry> entries_; // the latest asked for first
  std::map<std::string, std::list<Entry>::iterator> by_key_;
  std::size_t bytes_ = 0;
  std::deque<File> files_; // the first made first
  std::size_t file_bytes_ = 0;
  std::uint64_t written_ = 0; // makes the names of unfinished files unique
};

} // namespace kaden::speech
