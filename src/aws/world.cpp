#include "kaden/aws_world.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

#include "kaden/limits/aws.h"
#include "kaden/program.h"

namespace kaden::aws {

namespace {

Result<std::string> read_small(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int why = errno;
    return fail(why == ENOENT || why == ENOTDIR ? Fault::not_found : Fault::unavailable,
                std::error_code(why, std::generic_category()).message());
  }
  std::string text(limits::aws_profiles_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return fail(Fault::unavailable, "it cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > limits::aws_profiles_bytes_max)
    return fail(Fault::invalid, fmt::format("it has more than {} bytes", limits::aws_profiles_bytes_max));
  return text;
}

Result<std::string> run(const runtime::Clock& clock, const std::vector<std::string>& arguments, Millis most) {
  auto ran = runtime::run_program(clock, arguments, "", most);
  if (!ran) return tl::unexpected<Error>(ran.error());
  if (ran->succeeded) return std::move(ran->output);
  // Standard output may hold half a secret; what it complains of does not.
  const std::string_view words = trim(ran->complaints);
  return fail(Fault::unavailable,
              "it failed: " + std::string(cut_utf8(words.substr(0, words.find('\n')), 500)));
}

} // namespace

World system_world(http::Client& client, const runtime::Clock& clock) {
  struct Dice {
    std::mutex mutex;
    std::mt19937_64 engine{std::random_device()()};
  };
  World world;
  world.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str()); // NOLINT(concurrency-mt-unsafe): no thread changes it
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
  };
  world.read_file = read_small;
  world.send = [&client](const http::ClientRequest& request) { return client.send(request); };
  world.run = [&clock](const std::vector<std::string>& arguments, Millis most) {
    return run(clock, arguments, most);
  };
  world.pause = [](Millis time) { std::this_thread::sleep_for(time); };
  world.chance = [dice = std::make_shared<Dice>()] {
    const std::lock_guard lock(dice->mutex);
    return std::uniform_real_distribution<>(0, 1)(dice->engine);
  };
  world.clock = &clock;
  return world;
}

} // namespace kaden::aws
