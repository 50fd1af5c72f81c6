// The customary process_* metrics, build information and target_info. Internal.
#pragma once
#include <string>

#include "dataplane/observe/exposition.hpp"

namespace pintle::observe {

void append_program(std::string& out, const ProgramFacts& program);

}  // namespace pintle::observe
