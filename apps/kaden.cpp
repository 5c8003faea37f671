// The kaden program: flags in, app called.
#include "kaden/app.h"

int main(int argc, char** argv) {
  return kaden::app::main(argc, argv);
}
