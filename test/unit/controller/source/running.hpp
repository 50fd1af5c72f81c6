// A folder source at work, and the world as its batches describe it.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "controller/source/folder_source.hpp"

namespace pintle::source::testing {

class Running {
 public:
  /// Starts and waits for the first batch.
  explicit Running(FolderSettings settings);
  explicit Running(std::vector<std::string> directories)
      : Running(FolderSettings{.directories = std::move(directories)}) {}

  /// Runs until it holds; false after ten seconds.
  bool until(const std::function<bool()>& holds);
  /// Runs until the world is as said: "HTTPRoute default/a, Service default/b".
  bool until_world_is(const std::string& keys);
  /// Runs until the batches of all events before this moment are here, with the help of a file of its own.
  void settle(const std::string& folder);

  [[nodiscard]] std::string keys() const;
  /// "GW0501 GW0502", sorted.
  [[nodiscard]] std::string finding_ids() const;
  template <class T>
  [[nodiscard]] const T* find(const std::string& name) const {
    const auto found = world.find({T::kind, "default", name});
    return found == world.end() ? nullptr : std::get<api::Ptr<T>>(found->second).get();
  }
  /// Of the Service, 0 when it is not there.
  [[nodiscard]] int port_of(const std::string& service) const;

  boost::asio::io_context io;
  std::vector<Batch> batches;
  std::map<api::ObjectKey, api::AnyObject> world;
  std::vector<api::ObjectKey> removed;  ///< ever
  std::unique_ptr<FolderSource> source;
};

}  // namespace pintle::source::testing
