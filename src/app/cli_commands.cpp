// The words of the tree: one row per command.
#include <algorithm>

#include "src/app/cli_tree.hpp"

namespace pintle::app {

const std::vector<CommandText>& command_texts() {
  static const std::vector<CommandText> texts{
      {Command::Demo,
       "demo",
       "Serve a built-in example and show what becomes of real requests",
       "[--once] [flags]",
       {"pintle demo", "pintle demo --once", "pintle demo --folder /tmp/quickstart --port-offset 9000"}},
      {Command::Serve,
       "serve",
       "Serve a folder of Gateway API manifests, with no cluster",
       "--config DIR [flags]",
       {"pintle serve --config manifests/", "pintle serve --config manifests/ --port-offset 8000 --tls internal",
        "pintle serve --config manifests/ --address '*' --backend default/shop:80=127.0.0.1:9000"}},
      {Command::Controller,
       "controller",
       "Serve the Gateways of a Kubernetes cluster",
       "[flags]",
       {"pintle controller", "pintle controller --kubeconfig ~/.kube/config --gateway-mode direct --leader-elect off",
        "pintle controller --namespaces shop,blog --service-type ClusterIP"}},
      {Command::Check,
       "check",
       "Ask a URL until it answers as expected",
       "URL [flags]",
       {"pintle check http://127.0.0.1:8080/", "pintle check http://10.96.0.20/old --expect-status 302 --wait 60s",
        "pintle check http://127.0.0.1:8080/ --host shop.example.com"}},
      {Command::Validate,
       "validate",
       "Check manifests: schema, references, grants, conflicts, shadowed rules, certificates",
       "PATH... [flags]",
       {"pintle validate manifests/", "pintle validate --fail-on warning shop.yaml gateway.yaml",
        "pintle validate -o sarif manifests/ > findings.sarif"}},
      {Command::Explain,
       "explain",
       "Say what becomes of a request, and why each other rule lost",
       "URL [flags]",
       {"pintle explain http://shop.localhost:8080/cart --config manifests/",
        "pintle explain -X POST -H 'x-canary: yes' http://shop.localhost:8080/",
        "pintle explain https://shop.localhost:8443/ --sni other.localhost -o json"}},
      {Command::Status,
       "status",
       "Show Gateways, listeners, routes and policies with their conditions",
       "[flags]",
       {"pintle status", "pintle status --config manifests/ -o wide", "pintle status -o json"}},
      {Command::Routes,
       "routes",
       "List every rule in its true order of precedence",
       "[flags]",
       {"pintle routes", "pintle routes --config manifests/", "pintle routes --config manifests/ -o json"}},
      {Command::Version,
       "version",
       "Print version and commit",
       "[-o json]",
       {"pintle version", "pintle version -o json", "pintle --version"}},
      {Command::Completion,
       "completion",
       "Print the completion script of a shell",
       "bash|zsh|fish",
       {"source <(pintle completion bash)", "pintle completion zsh > ~/.zfunc/_pintle",
        "pintle completion fish > ~/.config/fish/completions/pintle.fish"}},
      {Command::Man,
       "man",
       "Print the manual page",
       "",
       {"pintle man | man -l -", "pintle man > /usr/local/share/man/man1/pintle.1", "pintle man | less"}},
      {Command::Help,
       "help",
       "Describe a command",
       "[COMMAND]",
       {"pintle help", "pintle help serve", "pintle serve --help"}},
  };
  return texts;
}

const CommandText* find_command(std::string_view name) {
  const auto& texts = command_texts();
  const auto found = std::ranges::find(texts, name, &CommandText::name);
  return found == texts.end() ? nullptr : &*found;
}

}  // namespace pintle::app
