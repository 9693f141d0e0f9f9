# Read by other scripts: 'os' and 'arch' of this machine, as the archives of a release are named.
case "$(uname -s)" in
Linux) os=linux ;;
Darwin) os=macos ;;
*) os=windows ;;
esac
case "$(uname -m)" in
arm64 | aarch64) arch=arm64 ;;
*) arch=x86_64 ;;
esac
