#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "collector.h"
#include "proc_text.h"
#include "readings.h"
#include "source_folder.h"

#include "kaden/limits/agent.h"
#include "kaden/limits/metrics.h"

namespace kaden::agent {
namespace {

const std::string proc_folder = source_folder() + "/src/agent/testdata/proc";

std::string text_of(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::map<std::string, double> values_of(const std::vector<Datum>& data) {
  std::map<std::string, double> values;
  for (const Datum& datum : data) values[datum.name] = datum.value;
  return values;
}

// /proc

TEST(ProcText, cpu_times) {
  const auto times = parse_cpu_times(text_of(proc_folder + "/stat"));
  ASSERT_TRUE(times);
  EXPECT_EQ(*times, (CpuTimes{364'627, 10, 41'794, 479'433, 3'013, 5, 230, 288, 100, 7}));
  EXPECT_EQ(parse_cpu_times("cpu 1 2 3 4\n").value(), (CpuTimes{1, 2, 3, 4}));
  EXPECT_EQ(parse_cpu_times("cpu  1 2 3 4 5 6 7 8 9 10 11 12").value().guest_nice, 10U);
  for (const char* bad : {"", "cpu0 1 2 3 4\n", "cpu 1 2 3\n", "cpu 1 2 3 x\n", "cpu 1 -2 3 4\n", "cpu\n",
                          "cpu 1 2 3 99999999999999999999\n", "intr 5\n"}) {
    EXPECT_FALSE(parse_cpu_times(bad)) << bad;
  }
}

TEST(ProcText, memory) {
  const auto memory = parse_memory(text_of(proc_folder + "/meminfo"));
  ASSERT_TRUE(memory);
  constexpr std::uint64_t kb = 1'024;
  EXPECT_EQ(*memory, (Memory{24'684'084 * kb, 18'515'112 * kb, 20'600'672 * kb, 5'792 * kb, 2'263'180 * kb,
                             1'058'920 * kb, 4'512'984 * kb, 2'097'148 * kb, 1'572'860 * kb}));
  EXPECT_EQ(parse_memory("MemTotal: 10 kB\nMemFree: 4 kB\nCached: 2 kB\n").value().available, 6 * kb)
      << "as kernels before 3.14 leave it to the reader";
  EXPECT_EQ(parse_memory("MemTotal: 10 kB\nMemFree: 4 kB\nMemAvailable: 0 kB\n").value().available, 0U);
  for (const char* bad : {"", "MemTotal: x kB\n", "MemTotal:\n", "MemFree: 1 kB\n", "MemTotal: -1 kB\n",
                          "MemTotal: 0 kB", "MemTotal: 9223372036854775807 kB"}) {
    EXPECT_FALSE(parse_memory(bad)) << bad;
  }
}

std::vector<std::string> chosen_paths(const std::vector<std::string>& include,
                                      const std::vector<std::string>& exclude) {
  std::vector<std::string> paths;
  for (const Mount& mount :
       choose_mounts(parse_mounts(text_of(proc_folder + "/self/mounts")), {include, exclude})) {
    paths.push_back(mount.device + " " + mount.path + " " + mount.type);
  }
  return paths;
}

TEST(ProcText, mounts_are_the_disks) {
  using Paths = std::vector<std::string>;
  EXPECT_EQ(chosen_paths({}, {}),
            (Paths{"/dev/sda2 / ext4", "/dev/sda1 /boot/efi vfat", "/dev/mapper/vg-data /data xfs",
                   "/dev/sdb1 /mnt/with blank ext4", "/dev/sdd1 /covered btrfs"}));
  EXPECT_EQ(chosen_paths({}, {"/mnt/*", "/boot*", "/covered"}),
            (Paths{"/dev/sda2 / ext4", "/dev/mapper/vg-data /data xfs"}));
  EXPECT_EQ(chosen_paths({"/mnt/*"}, {"/mnt/share"}),
            (Paths{"/dev/sdb1 /mnt/with blank ext4", "nas-01:/export /mnt/nas nfs4"}));
  const auto container =
      parse_mounts("overlay / overlay rw 0 0\n\nnonsense\ntmpfs /run tmpfs\na\\08b /x\\1z ext4");
  EXPECT_EQ(choose_mounts(container, {{}, {}}),
            (std::vector<Mount>{{"overlay", "/", "overlay"}, {"a\\08b", "/x\\1z", "ext4"}}));
  std::string many;
  for (int i = 0; i < 500; ++i)
    many += "/dev/d" + std::to_string(i) + " /m" + std::to_string(i) + " ext4 rw 0 0\n";
  EXPECT_EQ(choose_mounts(parse_mounts(many), {{}, {}}).size(), limits::mounts_max);
}

// Metrics

TEST(Metric, cpu_shares) {
  //                     user nice sys idle iow irq soft steal guest gnice
  const CpuTimes before{1'000, 50, 500, 8'000, 100, 10, 20, 30, 200, 5};
  const CpuTimes after{1'040, 60, 520, 8'100, 110, 12, 24, 34, 210, 8};
  auto values = values_of(cpu_data(before, after));
  const double total = 40 + 10 + 20 + 100 + 10 + 2 + 4 + 4;
  const std::map<std::string, double> ticks = {
      {"cpu_usage_active", 90}, {"cpu_usage_idle", 100},    {"cpu_usage_user", 30},
      {"cpu_usage_nice", 7},    {"cpu_usage_system", 20},   {"cpu_usage_iowait", 10},
      {"cpu_usage_irq", 2},     {"cpu_usage_softirq", 4},   {"cpu_usage_steal", 4},
      {"cpu_usage_guest", 10},  {"cpu_usage_guest_nice", 3}};
  ASSERT_EQ(values.size(), ticks.size());
  for (const auto& [name, count] : ticks) EXPECT_DOUBLE_EQ(values.at(name), 100 * count / total) << name;
  for (const Datum& datum : cpu_data(before, after)) {
    EXPECT_EQ(datum.unit, "Percent");
    EXPECT_EQ(datum.dimensions, (std::vector<std::pair<std::string, std::string>>{{"cpu", "cpu-total"}}));
  }
}

TEST(Metric, cpu_needs_time_to_pass) {
  const CpuTimes times{1'000, 50, 500, 8'000, 100, 10, 20, 30, 200, 5};
  EXPECT_TRUE(cpu_data(times, times).empty());
  EXPECT_TRUE(cpu_data(times, {10, 0, 5, 80}).empty()) << "the machine restarted";
  CpuTimes odd = times;
  odd.idle += 100;
  odd.iowait -= 50; // Linux lets this counter fall
  const auto values = values_of(cpu_data(times, odd));
  EXPECT_EQ(values.at("cpu_usage_idle"), 100);
  EXPECT_EQ(values.at("cpu_usage_iowait"), 0);
  EXPECT_EQ(values.at("cpu_usage_active"), 0);
}

TEST(Metric, memory_as_the_cloudwatch_agent_counts_it) {
  const auto values = values_of(memory_data({1'000, 300, 600, 50, 250, 70, 80}));
  EXPECT_EQ(values, (std::map<std::string, double>{{"mem_active", 70},
                                                   {"mem_available", 600},
                                                   {"mem_available_percent", 60},
                                                   {"mem_buffered", 50},
                                                   {"mem_cached", 250},
                                                   {"mem_free", 300},
                                                   {"mem_inactive", 80},
                                                   {"mem_total", 1'000},
                                                   {"mem_used", 400},
                                                   {"mem_used_percent", 40}}));
  EXPECT_EQ(values_of(memory_data({100, 90, 0, 90, 90})).at("mem_used"), 0) << "never below zero";
}

TEST(Metric, disk_as_df_counts_it) {
  const Mount mount{"/dev/mapper/vg-data", "/data", "xfs"};
  const auto data = disk_data(mount, {1'000, 400, 300, 64, 60});
  EXPECT_EQ(values_of(data), (std::map<std::string, double>{{"disk_free", 300},
                                                            {"disk_inodes_free", 60},
                                                            {"disk_inodes_total", 64},
                                                            {"disk_inodes_used", 4},
                                                            {"disk_total", 1'000},
                                                            {"disk_used", 600},
                                                            {"disk_used_percent", 100 * 600.0 / 900}}));
  EXPECT_EQ(data.front().dimensions,
            (std::vector<std::pair<std::string, std::string>>{
                {"device", "mapper/vg-data"}, {"fstype", "xfs"}, {"path", "/data"}}));
  EXPECT_TRUE(disk_data(mount, {}).empty());
}

// Counters

TEST(ProcText, core_times) {
  const auto cores = parse_core_times(text_of(proc_folder + "/stat"));
  ASSERT_EQ(cores.size(), 2U);
  EXPECT_EQ(cores[1].name, "cpu1");
  EXPECT_EQ(cores[1].times, (CpuTimes{186'525, 0, 22'144, 233'029, 2'703, 0, 210, 145}));
  EXPECT_TRUE(parse_core_times("cpu 1 2 3 4\ncpux 1 2 3 4\ncpu0 1 2\ncpu99999999 1 2 3 4\n").empty());
  std::string many;
  for (int i = 0; i < 3'000; ++i) many += "cpu" + std::to_string(i) + " 1 2 3 4\n";
  EXPECT_EQ(parse_core_times(many).size(), limits::cores_max);
}

TEST(ProcText, load_and_uptime) {
  EXPECT_EQ(parse_load(text_of(proc_folder + "/loadavg")).value(), (Load{0.52, 1.25, 2.0}));
  EXPECT_EQ(parse_uptime(text_of(proc_folder + "/uptime")).value(), 1571.17);
  for (const char* bad : {"", "1 2", "1 2 x", "-1 2 3", "\n1 2 3"}) EXPECT_FALSE(parse_load(bad)) << bad;
  for (const char* bad : {"", "x", "-1", "\n"}) EXPECT_FALSE(parse_uptime(bad)) << bad;
}

TEST(ProcText, disks) {
  const std::string text = text_of(proc_folder + "/diskstats");
  const auto disks = parse_diskstats(text, {});
  ASSERT_EQ(disks.size(), 3U) << "no loop, none that was never used, no line that ends early";
  EXPECT_EQ(disks[0], (DiskCounters{"sda", 1'000, 80'000 * 512, 1'500, 500, 40'000 * 512, 2'500, 2, 3'000}));
  EXPECT_EQ(disks[2].name, "nvme0n1");
  const auto named = parse_diskstats(text, {"loop*", "dm-?"});
  ASSERT_EQ(named.size(), 2U) << "what is asked for by name is there";
  EXPECT_EQ(named[1].name, "dm-0");
}

TEST(ProcText, interfaces) {
  const std::string text = text_of(proc_folder + "/net/dev");
  const auto nets = parse_net_dev(text, {});
  ASSERT_EQ(nets.size(), 2U);
  EXPECT_EQ(nets[0], (NetCounters{"eth0", 1'076'572, 2'158, 1, 2, 98'521, 1'227, 3, 4}));
  EXPECT_EQ(parse_net_dev(text, {"lo"}).size(), 1U);
  EXPECT_TRUE(parse_net_dev("eth0: 1 2 3\neth0 1 2\n: 1 2 3 4 5 6 7 8 9 10 11 12\n", {}).empty());
}

TEST(ProcText, sockets) {
  SocketCounts counts;
  for (const char* file : {"/net/tcp", "/net/tcp6"}) {
    std::istringstream lines(text_of(proc_folder + file));
    for (std::string line; std::getline(lines, line);) count_tcp_line(line, counts);
  }
  for (const char* bad : {"", "0: a b", "0: a b 0D", "0: a b zz", "0: a b 001"}) count_tcp_line(bad, counts);
  EXPECT_EQ(counts.tcp[1], 2U);
  EXPECT_EQ(counts.tcp[6], 1U);
  EXPECT_EQ(counts.tcp[10], 2U);
  EXPECT_EQ(counts.tcp[12], 1U);
  const auto values = values_of(netstat_data(counts));
  EXPECT_EQ(values.at("netstat_tcp_established"), 2);
  EXPECT_EQ(values.at("netstat_tcp_time_wait"), 1);
  EXPECT_EQ(values.at("netstat_tcp_listen"), 2);
  EXPECT_EQ(values.at("netstat_tcp_syn_recv"), 1);
  EXPECT_EQ(values.size(), 12U);
}

TEST(ProcText, processes) {
  EXPECT_EQ(parse_process(text_of(proc_folder + "/501/stat")).value(),
            (Process{"nginx", 'R', 150, 4, 900, 50'000'000, 2'000}));
  const auto odd = parse_process(text_of(proc_folder + "/77/stat"));
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->name, "a) R (b");
  EXPECT_EQ(odd->state, 'Z');
  for (const char* bad :
       {"", "1 a S 1", "1 (a", "1 a) S", ")(", "1 (a) S 1 2 3", "1 (a) SS 1 1 1 0 -1 1 1 1 1 1 1 1"}) {
    EXPECT_FALSE(parse_process(bad)) << bad;
  }
}

TEST(Readings, differences_of_disks_and_interfaces) {
  const std::vector<DiskCounters> before = {{"sda", 10, 1'000, 5, 20, 2'000, 6, 1, 100},
                                            {"sdb", 5, 5, 5, 5, 5, 5, 0, 5}};
  const std::vector<DiskCounters> now = {{"sda", 13, 1'500, 7, 24, 2'100, 9, 3, 160},
                                         {"sdb", 1, 5, 5, 5, 5, 5, 4, 5},
                                         {"sdc", 9, 9, 9, 9, 9, 9, 9, 9}};
  const auto data = diskio_data(before, now);
  ASSERT_EQ(data.size(), 9U) << "sda whole; sdb began again, but what is in progress is true; sdc is new";
  EXPECT_EQ(data[0].dimensions, (Dimensions{{"name", "sda"}}));
  EXPECT_EQ(values_of({data.begin(), data.begin() + 8}),
            (std::map<std::string, double>{{"diskio_io_time", 60},
                                           {"diskio_iops_in_progress", 3},
                                           {"diskio_read_bytes", 500},
                                           {"diskio_read_time", 2},
                                           {"diskio_reads", 3},
                                           {"diskio_write_bytes", 100},
                                           {"diskio_write_time", 3},
                                           {"diskio_writes", 4}}));
  const auto net =
      net_data({{"eth0", 1, 2, 3, 4, 5, 6, 7, 8}}, {{"eth0", 11, 22, 33, 44, 55, 66, 77, 88}, {"eth1"}});
  EXPECT_EQ(values_of(net), (std::map<std::string, double>{{"net_bytes_recv", 10},
                                                           {"net_bytes_sent", 50},
                                                           {"net_drop_in", 40},
                                                           {"net_drop_out", 80},
                                                           {"net_err_in", 30},
                                                           {"net_err_out", 70},
                                                           {"net_packets_recv", 20},
                                                           {"net_packets_sent", 60}}));
  EXPECT_EQ(net[0].dimensions, (Dimensions{{"interface", "eth0"}}));
}

TEST(Readings, swap) {
  EXPECT_EQ(
      values_of(swap_data({.total = 1, .swap_total = 200, .swap_free = 150})),
      (std::map<std::string, double>{{"swap_free", 150}, {"swap_used", 50}, {"swap_used_percent", 25}}));
  EXPECT_EQ(values_of(swap_data({.total = 1})).at("swap_used_percent"), 0);
  EXPECT_EQ(values_of(swap_data({.total = 1, .swap_total = 1, .swap_free = 9})).at("swap_used"), 0);
}

/// A copy of the tree that may be changed.
class ProcTree : public testing::Test {
 protected:
  ProcTree() {
    std::filesystem::remove_all(folder_);
    std::filesystem::copy(proc_folder, folder_, std::filesystem::copy_options::recursive);
    settings_.proc_folder = folder_;
  }
  ~ProcTree() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  std::map<std::string, double> measure(Collector& collector, SteadyTime now) const {
    std::map<std::string, double> values;
    for (const Datum& datum : collector.measure(now)) {
      std::string name = datum.name;
      for (const auto& [key, value] : datum.dimensions) name.append(" ").append(value);
      values[name] = datum.value;
    }
    return values;
  }
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("kaden-proc-" + std::to_string(getpid()));
  Settings settings_;
};

TEST_F(ProcTree, default_groups) {
  settings_.groups.disk = false; // these would be this machine's own
  Collector collector(settings_);
  auto values = measure(collector, SteadyTime(seconds(0)));
  EXPECT_TRUE(collector.problems().empty());
  EXPECT_EQ(values.count("cpu_usage_active cpu-total"), 0U);
  EXPECT_EQ(values.at("system_load5"), 1.25);
  EXPECT_EQ(values.at("system_uptime"), 1571.17);
  EXPECT_EQ(values.at("swap_used_percent"), 100 * 524'288.0 / 2'097'148);
  EXPECT_EQ(values.at("netstat_udp_socket"), 1);
  EXPECT_EQ(values.at("processes_total"), 5);
  EXPECT_EQ(values.at("processes_total_threads"), 55);
  EXPECT_EQ(values.at("processes_blocked"), 1);
  EXPECT_EQ(values.at("processes_zombies"), 1);
  EXPECT_EQ(values.at("processes_idle"), 1);
  write("stat", "cpu 364727 10 41794 479733\ncpu0 0 0 0 0\n");
  values = measure(collector, SteadyTime(seconds(10)));
  EXPECT_EQ(values.at("cpu_usage_user cpu-total"), 25);
  EXPECT_EQ(values.count("cpu_usage_user cpu0"), 0U);
  for (const auto& [name, value] : values)
    EXPECT_FALSE(name.starts_with("diskio") || name.starts_with("net_")) << name;
}

TEST_F(ProcTree, groups_that_are_asked_for) {
  settings_.groups = {.cpu = false,
                      .per_core = true,
                      .load = false,
                      .memory = false,
                      .swap = false,
                      .disk = false,
                      .diskio = true,
                      .net = true,
                      .netstat = false,
                      .processes = false,
                      .uptime = false,
                      .interfaces = {"veth*"}};
  Collector collector(settings_);
  EXPECT_TRUE(measure(collector, SteadyTime(seconds(0))).empty()) << "all of these are differences";
  write("stat", "cpu  1 0 0 1\ncpu0 178202 0 19649 246704 310 0 19 143 0 0\n");
  write("net/dev", "veth1: 15 1 0 0 0 0 0 0 27 2 0 0 0 0 0 0\n");
  const auto values = measure(collector, SteadyTime(seconds(10)));
  EXPECT_EQ(values.at("cpu_usage_user cpu0"), 25);
  EXPECT_EQ(values.count("cpu_usage_user cpu-total"), 0U);
  EXPECT_EQ(values.at("net_bytes_sent veth1"), 7);
  EXPECT_EQ(values.count("net_bytes_sent eth0"), 0U);
  EXPECT_EQ(values.at("diskio_reads sda"), 0);
}

TEST_F(ProcTree, watched_processes) {
  const std::string pid_file = folder_ / "nginx.pid";
  settings_.groups = {.cpu = false,
                      .load = false,
                      .memory = false,
                      .swap = false,
                      .disk = false,
                      .netstat = false,
                      .processes = false,
                      .uptime = false};
  settings_.watched = {{Watched::By::exe, "^nginx$"},
                       {Watched::By::pattern, "erp[.]jar"},
                       {Watched::By::pid_file, pid_file},
                       {Watched::By::exe, "web|b"}};
  write("nginx.pid", "501\n");
  Collector collector(settings_);
  auto values = measure(collector, SteadyTime(seconds(0)));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  EXPECT_EQ(values.at("procstat_lookup_pid_count ^nginx$"), 1);
  EXPECT_EQ(values.at("procstat_memory_rss ^nginx$"), 2'000 * page);
  EXPECT_EQ(values.at("procstat_memory_vms erp[.]jar"), 4e9);
  EXPECT_EQ(values.at("procstat_num_threads erp[.]jar"), 48);
  EXPECT_EQ(values.at("procstat_lookup_pid_count " + pid_file), 1);
  EXPECT_EQ(values.at("procstat_lookup_pid_count web|b"), 0) << "a zombie does not run";
  EXPECT_EQ(values.count("procstat_cpu_usage ^nginx$"), 0U);
  // 300 of 1,000 ticks later; a second worker has come; the ERP system is gone.
  const auto stat = [](int pid, int ticks) {
    return std::to_string(pid) + " (nginx) S 1 1 1 0 -1 1 1 0 0 0 " + std::to_string(ticks) +
           " 0 0 0 20 0 4 0 900 50000000 2000 1 1\n";
  };
  write("501/stat", stat(501, 400));
  write("503/stat", stat(503, 50));
  std::filesystem::remove_all(folder_ / "502");
  std::filesystem::remove(folder_ / "nginx.pid");
  values = measure(collector, SteadyTime(seconds(1'000 / sysconf(_SC_CLK_TCK))));
  EXPECT_EQ(values.at("procstat_lookup_pid_count ^nginx$"), 2);
  EXPECT_DOUBLE_EQ(values.at("procstat_cpu_usage ^nginx$"), 30);
  EXPECT_EQ(values.at("procstat_lookup_pid_count erp[.]jar"), 0);
  EXPECT_EQ(values.at("procstat_lookup_pid_count " + pid_file), 0);
}

TEST_F(ProcTree, what_is_missing_is_told_and_the_rest_is_there) {
  settings_.groups.disk = false;
  std::filesystem::remove(folder_ / "stat");
  std::filesystem::remove_all(folder_ / "net");
  write("loadavg", "nonsense");
  Collector collector(settings_);
  const auto values = measure(collector, SteadyTime(seconds(0)));
  ASSERT_EQ(collector.problems().size(), 3U);
  EXPECT_NE(collector.problems()[0].find("/stat: No such file"), std::string::npos)
      << collector.problems()[0];
  EXPECT_EQ(collector.problems()[1], "load: there are no three load averages");
  EXPECT_EQ(values.count("mem_used_percent"), 1U);
}

} // namespace
} // namespace kaden::agent
