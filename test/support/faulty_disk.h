/// faulty_disk.h - a disk that fails when told to, under SQLite: for tests of stores. Room: none.
/// Threads: one at a time. Errors: the ordered code, once, at the ordered operation.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace kaden::test {

// A VFS over the system's that fails the Nth operation that could lose data. SQLite's VFS interface is a C
// table of functions without a context, hence the one object at file scope.
struct FaultPlan {
  long long until = -1; ///< operations that still succeed; -1: no fault ordered
  int code = SQLITE_OK;
  bool hit = false;

  int next() {
    if (until < 0) return SQLITE_OK;
    if (until-- > 0) return SQLITE_OK;
    hit = true;
    return code;
  }
};
inline FaultPlan plan;

struct FaultyFile {
  sqlite3_file base;
  sqlite3_file* real;
};
inline sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<FaultyFile*>(file)->real;
}

inline int faulty_write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const int code = plan.next();
  return code != SQLITE_OK ? code : real(file)->pMethods->xWrite(real(file), data, size, offset);
}
inline int faulty_sync(sqlite3_file* file, int flags) {
  const int code = plan.next();
  return code != SQLITE_OK ? code : real(file)->pMethods->xSync(real(file), flags);
}
inline int faulty_truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = plan.next();
  return code != SQLITE_OK ? code : real(file)->pMethods->xTruncate(real(file), size);
}
inline int faulty_close(sqlite3_file* file) {
  return real(file)->pMethods->xClose(real(file));
}

inline sqlite3_io_methods faulty_methods() {
  sqlite3_io_methods methods{};
  methods.iVersion = 2;
  methods.xClose = faulty_close;
  methods.xRead = [](sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), data, size, offset);
  };
  methods.xWrite = faulty_write;
  methods.xTruncate = faulty_truncate;
  methods.xSync = faulty_sync;
  methods.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
  };
  methods.xLock = [](sqlite3_file* file, int lock) { return real(file)->pMethods->xLock(real(file), lock); };
  methods.xUnlock = [](sqlite3_file* file, int lock) {
    return real(file)->pMethods->xUnlock(real(file), lock);
  };
  methods.xCheckReservedLock = [](sqlite3_file* file, int* held) {
    return real(file)->pMethods->xCheckReservedLock(real(file), held);
  };
  methods.xFileControl = [](sqlite3_file* file, int op, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), op, argument);
  };
  methods.xSectorSize = [](sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); };
  methods.xDeviceCharacteristics = [](sqlite3_file* file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
  };
  methods.xShmMap = [](sqlite3_file* file, int page, int size, int extend, void volatile** memory) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
  };
  methods.xShmLock = [](sqlite3_file* file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
  };
  methods.xShmBarrier = [](sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); };
  methods.xShmUnmap = [](sqlite3_file* file, int remove) {
    return real(file)->pMethods->xShmUnmap(real(file), remove);
  };
  return methods;
}
inline const sqlite3_io_methods methods_table = faulty_methods();
inline sqlite3_vfs* system_vfs = nullptr;

inline int faulty_open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags,
                       int* out_flags) {
  file->pMethods = nullptr;
  const int ordered = plan.next();
  if (ordered != SQLITE_OK) return ordered == SQLITE_FULL ? SQLITE_FULL : SQLITE_CANTOPEN;
  auto* faulty = reinterpret_cast<FaultyFile*>(file);
  faulty->real = reinterpret_cast<sqlite3_file*>(faulty + 1);
  const int code = system_vfs->xOpen(system_vfs, name, faulty->real, flags, out_flags);
  if (faulty->real->pMethods != nullptr) file->pMethods = &methods_table;
  return code;
}

class FaultyDisk : public testing::Test {
 protected:
  void SetUp() override {
    system_vfs = sqlite3_vfs_find("unix");
    ASSERT_NE(system_vfs, nullptr);
    vfs_ = *system_vfs;
    vfs_.zName = "faulty";
    vfs_.szOsFile = static_cast<int>(sizeof(FaultyFile)) + system_vfs->szOsFile;
    vfs_.xOpen = faulty_open;
    plan = {};
    ASSERT_EQ(sqlite3_vfs_register(&vfs_, 1), SQLITE_OK);
  }
  void TearDown() override {
    plan = {};
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(system_vfs, 1);
  }
  sqlite3_vfs vfs_{};
};

} // namespace kaden::test
