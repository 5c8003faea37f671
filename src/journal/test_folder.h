/// test_folder.h - an empty folder for one test, removed at its end. Room: journal, for its tests.
#pragma once

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "kaden/base.h"

namespace kaden::journal {

class TestFolder {
 public:
  TestFolder() : path_((std::filesystem::temp_directory_path() / "kaden-journal-XXXXXX").string()) {
    require(mkdtemp(path_.data()) != nullptr, "a folder for the test can be made");
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string file() const { return path_ + "/kaden.db"; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Runs SQL on a file as an intruder or another program would; the result code of SQLite.
inline int run_sql(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  int code = sqlite3_open(path.c_str(), &handle);
  if (code == SQLITE_OK) code = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_close(handle);
  return code;
}

} // namespace kaden::journal
