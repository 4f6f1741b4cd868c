/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What stands at the path of every program of the stand-in: static, so that it runs in the smallest root.
 *
 * A program is either a binary of the machine's (HIDDEN/bin/NAME) or a module of ours, which main.py runs. In a jail's root that has
 * neither, the launcher climbs out of the chroot, which root may on Linux; `back.so` (for a binary) and main.py (for a module) go
 * back into it as soon as all is loaded. The way back is in STANDIN_ROOT and STANDIN_CWD, open descriptors.
 *
 * An ordinary user can't climb out, and needn't: a working directory that the kernel lends it is enough to load all by relative paths.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BELOW_HIDDEN "usr/libexec/standin"
#define HIDDEN "/" BELOW_HIDDEN
#define MAIN HIDDEN "/main.py"
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#define LIBRARIES "usr/lib/x86_64-linux-gnu"

static void keep(const char *variable, int fd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", fd);
	setenv(variable, number, 1);
}

/* Out of the way of what a script does with the low descriptors. */
static int high(const char *path)
{
	int fd = open(path, O_PATH | O_DIRECTORY), moved = fcntl(fd, F_DUPFD, 100);

	close(fd);
	return moved;
}

/* Out of the chroot: with the root moved below it, the working directory is outside of the root, and ".." goes all the way up. */
static void climb(const char *self)
{
	int root = high("/"), cwd = high(".");
	DIR *dir = opendir("/");
	struct dirent *entry;
	struct stat here, above;
	int below = -1;

	while (dir != NULL && below != 0 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR) {
			char path[300];
			snprintf(path, sizeof(path), "/%s", entry->d_name);
			below = chroot(path);
		}
	if (dir != NULL)
		closedir(dir);
	if (below != 0 || fchdir(root) != 0) {
		fprintf(stderr, "%s: %s: %s\n", self, HIDDEN, strerror(errno));
		exit(126);
	}
	for (;;) {
		if (stat(".", &here) != 0 || stat("..", &above) != 0 || (here.st_ino == above.st_ino && here.st_dev == above.st_dev))
			break;
		if (chdir("..") != 0)
			break;
	}
	if (chroot(".") != 0)
		exit(126);
	keep("STANDIN_ROOT", root);
	keep("STANDIN_CWD", cwd);
}

/* Into a directory of the kernel's, the stand-in's root; the root stays the jail's. */
static void borrow(const char *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "\0standin-kernel"};
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = -1;
	unsigned int size;
	char request[64], control[CMSG_SPACE(sizeof(int))];
	struct iovec head = {&size, sizeof(size)};
	struct msghdr message = {.msg_iov = &head, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *rights;

	size = snprintf(request, sizeof(request), "{\"op\": \"outside\", \"pid\": %d}", getpid());
	if (connect(sock, (struct sockaddr *)&address, sizeof(sa_family_t) + sizeof("standin-kernel")) == 0 &&
	    send(sock, &size, sizeof(size), MSG_NOSIGNAL) == sizeof(size) && send(sock, request, size, MSG_NOSIGNAL) == (ssize_t)size &&
	    recvmsg(sock, &message, 0) == sizeof(size) && (rights = CMSG_FIRSTHDR(&message)) != NULL)
		memcpy(&fd, CMSG_DATA(rights), sizeof(fd));
	close(sock);
	keep("STANDIN_CWD", high("."));
	if (fd < 0 || fchdir(fd) != 0) {
		fprintf(stderr, "%s: %s: %s\n", self, HIDDEN, strerror(errno));
		exit(126);
	}
	close(fd);
}

/* rtld(1): a library to be preloaded has to be there (recorded: env-3). */
static void check_preload(void)
{
	const char *list = getenv("LD_PRELOAD");
	char *copy = strdup(list != NULL ? list : ""), *name;

	for (name = strtok(copy, ":; \t"); name != NULL; name = strtok(NULL, ":; \t"))
		if (strchr(name, '/') != NULL && access(name, F_OK) != 0) {
			fprintf(stderr, "ld-elf.so.1: Cannot open \"%s\"\n", name);
			exit(1);
		}
	free(copy);
}

/* The program that was asked for: what was executed, or, where that is a script, its interpreter, which the kernel made argv[0]. */
static const char *program(char **argv)
{
	char *executed = (char *)getauxval(AT_EXECFN), head[2] = "";
	int fd = open(executed, O_RDONLY);

	if (fd >= 0) {
		if (read(fd, head, sizeof(head)) == 2 && head[0] == '#' && head[1] == '!')
			executed = argv[0];
		close(fd);
	}
	return basename(executed);
}

/* As main(), by relative paths from a directory that was lent. */
static int borrowed(const char *name, int argc, char **argv)
{
	char binary[300];
	char **args = calloc(argc + 20, sizeof(*args));
	int n = 0, ours;

	borrow(argv[0]);
	snprintf(binary, sizeof(binary), "%s/bin/%s", BELOW_HIDDEN, name);
	ours = access(binary, X_OK) != 0;
	args[n++] = LIBRARIES "/ld-linux-x86-64.so.2";
	args[n++] = "--preload";
	args[n++] = BELOW_HIDDEN "/back.so";
	args[n++] = "--library-path";
	args[n++] = LIBRARIES;
	args[n++] = "--argv0";
	if (ours) {
		setenv("STANDIN_LENT", "1", 1);
		setenv("PYTHONHOME", "usr", 1);
		args[n++] = "/usr/bin/python3"; /* absolute, lest Python wants to know where it is */
		args[n++] = BELOW_HIDDEN "/bin/python3";
		args[n++] = "-s";
		args[n++] = "-S";
		args[n++] = "-P";
		args[n++] = "-X";
		args[n++] = "utf8";
		if (getenv("LC_CTYPE") == NULL) {
			args[n++] = "-X";
			args[n++] = "no_lc_ctype";
		}
		args[n++] = BELOW_HIDDEN "/main.py";
		args[n++] = (char *)name;
		memcpy(args + n, argv, (argc + 1) * sizeof(*args));
	} else {
		args[n++] = argc > 0 ? argv[0] : (char *)name;
		args[n++] = binary;
		memcpy(args + n, argv + 1, argc * sizeof(*args));
	}
	execv(args[0], args);
	fprintf(stderr, "%s: %s\n", name, strerror(errno));
	return 126;
}

int main(int argc, char **argv)
{
	const char *name = program(argv);
	char binary[300];
	char **args = calloc(argc + 12, sizeof(*args));
	int n = 0, climbed = access(MAIN, F_OK) != 0;

	check_preload();
	if (climbed && geteuid() != 0)
		return borrowed(name, argc, argv);
	if (climbed)
		climb(argv[0]);
	snprintf(binary, sizeof(binary), "%s/bin/%s", HIDDEN, name);
	if (access(binary, X_OK) == 0) {
		if (!climbed) {
			execv(binary, argv);
		} else {
			args[n++] = LOADER;
			args[n++] = "--preload";
			args[n++] = HIDDEN "/back.so";
			args[n++] = "--argv0";
			args[n++] = argc > 0 ? argv[0] : (char *)name;
			args[n++] = binary;
			memcpy(args + n, argv + 1, argc * sizeof(*args));
			execv(LOADER, args);
		}
	} else {
		args[n++] = "python3";
		args[n++] = "-I";
		args[n++] = "-S";
		args[n++] = "-X";
		args[n++] = "utf8";
		if (getenv("LC_CTYPE") == NULL) {
			args[n++] = "-X";
			args[n++] = "no_lc_ctype";
		}
		args[n++] = MAIN;
		args[n++] = (char *)name;
		memcpy(args + n, argv, (argc + 1) * sizeof(*args));
		execv(HIDDEN "/bin/python3", args);
	}
	fprintf(stderr, "%s: %s\n", name, strerror(errno));
	return 126;
}
