#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <span>
#include <unistd.h>

#include "src/app/cli.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer or a pager that left is an error to write(2), not the end of the program
  pintle::app::Terminal terminal{
      .out = std::cout, .err = std::cerr, .colour = pintle::app::choose_colour(STDOUT_FILENO)};
  try {
    return pintle::app::run(std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc > 0 ? argc - 1 : 0)),
                            terminal);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "pintle: internal error: %s\n", fault.what());
    return static_cast<int>(pintle::app::Exit::Failed);
  }
}
