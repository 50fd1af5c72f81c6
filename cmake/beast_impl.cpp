// The one compilation of Beast's non-template code (see PintleDependencies.cmake).
#include <boost/beast/src.hpp>
