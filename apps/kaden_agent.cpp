// The guest agent alone: the command `kaden agent` without the rest of Kaden, small enough for every guest.
#include <string>
#include <vector>

#include "kaden/agent.h"

int main(int argc, char** argv) {
  return kaden::agent::command("kaden-agent",
                               std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
