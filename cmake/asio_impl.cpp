// The one compilation of Asio's non-template code (see PintleDependencies.cmake).
#include <boost/asio/impl/src.hpp>
