# The container image. Sourced by ./dev.

image_step() { # image_step STEP [OPTION..]
  printf '[%s] image     ok  ' "$1" # the program completes the line
  shift
  python3 deploy/image/image.py "$@"
}

dev_image() {
  require_debian
  ensure_packages 1/3 build image
  build_step 2/3 release pintle
  image_step 3/3 "$@"
}
