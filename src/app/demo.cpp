#include "demo.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace kaden::app {

namespace {

constexpr std::size_t secret_bytes = 24;

Result<void> write_file(const std::string& path, std::string_view text, int extra_flags) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | extra_flags, 0600);
  if (fd < 0 && errno == EEXIST) return {}; // a secret of an earlier start stays
  if (fd < 0) return fail(Fault::invalid, "cannot write " + path);
  const bool is_written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool is_closed = ::close(fd) == 0;
  if (!is_written || !is_closed) return fail(Fault::invalid, "cannot write " + path);
  return {};
}

Result<std::string> random_secret() {
  std::array<unsigned char, secret_bytes> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return fail(Fault::unavailable, "the kernel gives no random bytes");
  std::string text;
  for (const unsigned char byte : random) text += fmt::format("{:02x}", byte);
  return text;
}

} // namespace

std::string demo_configuration(const DemoOptions& options) {
  return fmt::format(R"(# The demo's configuration: one rule, one person, everything on loopback.
listen: {{address: 127.0.0.1, port: {}}}
store: {{folder: store}}
access_keys:
  - {{id: KADENDEMOAGENT, secret_file: agent-secret}}
tokens:
  - {{name: demo, token_file: token, may: [events, read, act]}}
carriers:
  sip: {{bind: 127.0.0.1, port: {}, rtp_ports: "20000-20099"}}
speech: {{cache_folder: speech}}
log: {{level: debug}}
people:
  - {{id: sato, name: 佐藤, language: {}, call: ["sip:sato@127.0.0.1:{}"]}}
policies:
  - id: default
    levels:
      - {{people: [sato], wait_s: 10}}
    rounds: 3
    ring_s: 20
routes:
  - {{severity: [critical, error], policy: default}}
alarms:
  - name: cpu-high
    namespace: CWAgent
    metric: cpu_usage_active
    for_each: [host]
    where: {{cpu: cpu-total}}
    statistic: Average
    period_s: 10
    datapoints: 2
    of: 2
    when: "> 60"
    severity: critical
    say:
      ja: "重大アラームです。{{machine}} の CPU 使用率が {{value}} パーセントです。"
      en: "Critical alarm. CPU usage on {{machine}} is {{value}} percent."
)",
                     options.port, options.sip_port, options.language == Language::ja ? "ja" : "en",
                     options.phone_port);
}

Result<std::string> write_demo(const DemoOptions& options) {
  if (mkdir(options.folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(Fault::invalid, "cannot create the folder " + options.folder);
  for (const char* name : {"token", "agent-secret"}) {
    const auto secret = random_secret();
    if (!secret) return tl::unexpected(secret.error());
    if (auto done = write_file(options.folder + "/" + name, *secret, O_EXCL); !done)
      return tl::unexpected(done.error());
  }
  std::string path = options.folder + "/kaden.yaml";
  if (auto done = write_file(path, demo_configuration(options), O_TRUNC); !done)
    return tl::unexpected(done.error());
  return path;
}

} // namespace kaden::app
