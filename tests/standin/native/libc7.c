/* SPDX-License-Identifier: BSD-2-Clause
 *
 * libc.so.7 of the stand-in: FreeBSD's system calls that Linux hasn't, for Python's ctypes. Everything else comes from Linux's libc, which
 * this library depends on. The arguments go to the stand-in's kernel as they are; it knows the types.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET "/usr/libexec/standin/kernel.sock"
#define PROC_FD "/usr/libexec/standin/proc/self/fd"

/* Kept open by jail_attach: a jail's root has no way to the kernel's socket. */
static int attached = -1;

static int kernel(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
	/* Where the root has no such path: a jail's. */
	struct sockaddr_un everywhere = {.sun_family = AF_UNIX, .sun_path = "\0standin-kernel"};
	int sock;

	if (attached >= 0)
		return attached;
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock >= 0 && connect(sock, (struct sockaddr *)&address, sizeof(address)) != 0 &&
	    connect(sock, (struct sockaddr *)&everywhere, sizeof(sa_family_t) + sizeof("standin-kernel")) != 0) {
		close(sock);
		sock = -1;
	}
	return sock;
}

static void done(int sock)
{
	if (sock != attached)
		close(sock);
}

static int all(ssize_t (*io)(int, void *, size_t, int), int sock, void *data, size_t size)
{
	for (char *at = data; size > 0;) {
		ssize_t n = io(sock, at, size, MSG_NOSIGNAL);
		if (n <= 0)
			return -1;
		at += n;
		size -= n;
	}
	return 0;
}

static ssize_t out(int sock, void *data, size_t size, int flags)
{
	return send(sock, data, size, flags);
}

/* One call: op and pid (whose word it is, where a forked child uses its parent's socket), flags and the vectors; back come the result, errno, and the
 * vectors' new contents. Descriptors go along, and up to three come back.
 */
static int ask(const char *op, int flags, struct iovec *iov, int count, const int *send_fds, int send_count, int *got)
{
	int sock = kernel(), result = -1;
	uint32_t size = 1 + strlen(op) + 1 + 12, head[3], reply[3];
	char control[CMSG_SPACE(4 * sizeof(int))] = {0}, *body, *at;
	struct iovec first = {&size, 4};
	struct msghdr message = {.msg_iov = &first, .msg_iovlen = 1};

	if (sock < 0) {
		errno = ENOSYS;
		return -1;
	}
	for (int i = 0; i < count; i++)
		size += 5 + iov[i].iov_len;
	at = body = malloc(size);
	*at++ = 'B';
	at = stpcpy(at, op) + 1;
	head[0] = getpid();
	head[1] = flags;
	head[2] = count;
	memcpy(at, head, 12);
	at += 12;
	for (int i = 0; i < count; i++) {
		uint32_t length = iov[i].iov_len;
		*at++ = iov[i].iov_base == NULL;
		memcpy(at, &length, 4);
		at += 4;
		if (iov[i].iov_base != NULL)
			memcpy(at, iov[i].iov_base, length);
		else
			memset(at, 0, length);
		at += length;
	}
	if (send_count > 0) {
		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(send_count * sizeof(int));
		struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(send_count * sizeof(int));
		memcpy(CMSG_DATA(rights), send_fds, send_count * sizeof(int));
	}
	if (sendmsg(sock, &message, MSG_NOSIGNAL) != 4 || all(out, sock, body, size) != 0)
		goto gone;
	message = (struct msghdr){.msg_iov = &first, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	if (recvmsg(sock, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC) != 4 || all(recv, sock, reply, 12) != 0)
		goto gone;
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
	if (rights != NULL && got != NULL)
		memcpy(got, CMSG_DATA(rights), rights->cmsg_len - CMSG_LEN(0));
	for (uint32_t i = 0; i < reply[2]; i++) {
		uint32_t length;
		if (all(recv, sock, &length, 4) != 0)
			goto gone;
		char *data = malloc(length + 1);
		if (all(recv, sock, data, length) != 0)
			goto gone;
		/* What didn't change may be a constant. */
		if ((int)i < count && iov[i].iov_base != NULL && length <= iov[i].iov_len && memcmp(iov[i].iov_base, data, length) != 0)
			memcpy(iov[i].iov_base, data, length);
		if ((int)i < count)
			iov[i].iov_len = length;
		free(data);
	}
	result = (int)reply[0];
	if (result < 0)
		errno = (int)reply[1];
	free(body);
	done(sock);
	return result;
gone:
	free(body);
	done(sock);
	errno = EIO;
	return -1;
}

static int enter(const int *fds)
{
	int sock = -1;

	if (attached < 0) {
		sock = kernel();
		attached = fcntl(sock, F_DUPFD_CLOEXEC, 200);
		close(sock);
	}
	if (setns(fds[0], CLONE_NEWUTS) != 0 || setns(fds[1], CLONE_NEWNET) != 0 || fchdir(fds[2]) != 0 || chroot(".") != 0)
		return -1;
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	return 0;
}

/* att-1: no open directory may be taken into a jail. */
static int holds_directory(void)
{
	DIR *fds = opendir(PROC_FD);
	struct dirent *entry;
	struct stat status;
	int found = 0;

	while (fds != NULL && (entry = readdir(fds)) != NULL) {
		int fd = atoi(entry->d_name);
		if (entry->d_name[0] != '.' && fd != dirfd(fds) && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode))
			found = 1;
	}
	if (fds != NULL)
		closedir(fds);
	return found;
}

int jail_set(struct iovec *iov, unsigned int count, int flags)
{
	return ask("jail_set", flags, iov, count, NULL, 0, NULL);
}

int jail_get(struct iovec *iov, unsigned int count, int flags)
{
	return ask("jail_get", flags, iov, count, NULL, 0, NULL);
}

int jail_remove(int jid)
{
	return ask("jail_remove", jid, NULL, 0, NULL, 0, NULL);
}

int jail_attach(int jid)
{
	int fds[3] = {-1, -1, -1};

	if (geteuid() == 0 && holds_directory()) {
		errno = EPERM;
		return -1;
	}
	if (ask("jail_attach", jid, NULL, 0, NULL, 0, fds) != 0)
		return -1;
	return enter(fds);
}

/* Python's interpreter says when a process that has attached binds a socket: an open one keeps a jail, dying, after its removal (dyi-2). */
int standin_socket(int fd)
{
	struct stat status;
	struct iovec inode = {&status.st_ino, sizeof(status.st_ino)};

	if (attached < 0 || fstat(fd, &status) != 0)
		return 0;
	return ask("made_socket", 0, &inode, 1, NULL, 0, NULL);
}

int kill(pid_t pid, int signal)
{
	struct iovec target = {&pid, sizeof(pid)};

	return ask("kill", signal, &target, 1, NULL, 0, NULL);
}

int nmount(struct iovec *iov, unsigned int count, int flags)
{
	int fds[2], n = 0, result, saved;
	const char *from = NULL, *path = NULL, *type = NULL;

	for (unsigned int i = 0; i + 1 < count; i += 2) {
		if (strcmp(iov[i].iov_base, "fspath") == 0)
			path = iov[i + 1].iov_base;
		else if (strcmp(iov[i].iov_base, "from") == 0 || strcmp(iov[i].iov_base, "target") == 0)
			from = iov[i + 1].iov_base;
		else if (strcmp(iov[i].iov_base, "fstype") == 0)
			type = iov[i + 1].iov_base;
	}
	if (path == NULL || type == NULL) {
		errno = EINVAL;
		return -1;
	}
	if ((fds[n] = open(path, O_PATH | O_CLOEXEC)) < 0)
		return -1;
	n++;
	if (strcmp(type, "nullfs") == 0 && from != NULL) {
		if ((fds[n] = open(from, O_PATH | O_CLOEXEC)) < 0) {
			close(fds[0]);
			return -1;
		}
		n++;
	}
	result = ask("nmount", flags, iov, count, fds, n, NULL);
	saved = errno;
	while (n > 0)
		close(fds[--n]);
	errno = saved;
	return result;
}

#define MNT_BYFSID 0x8000000

int unmount(const char *dir, int flags)
{
	struct iovec path = {(char *)dir, strlen(dir) + 1};

	return ask("unmount", flags, &path, 1, NULL, 0, NULL);
}

/* struct statfs has this size; the kernel fills it. */
int fstatfs(int fd, void *buffer)
{
	struct iovec whole = {buffer, 2344};

	return ask("fstatfs", 0, &whole, 1, &fd, 1, NULL);
}

int sysctlbyname(const char *name, void *old, size_t *oldlen, const void *new, size_t newlen)
{
	struct iovec iov[2] = {{(char *)name, strlen(name) + 1}, {old, oldlen != NULL ? *oldlen : 0}};
	int result;

	if (new != NULL && newlen > 0) {
		errno = EPERM;
		return -1;
	}
	result = ask("sysctl", old == NULL, iov, 2, NULL, 0, NULL);
	if (result == 0 && oldlen != NULL)
		*oldlen = iov[1].iov_len;
	return result;
}

#define PROC_TRACE_CTL 7
#define PROC_TRACE_CTL_DISABLE 2

#define PROC_REAP_ACQUIRE 2
#define PROC_REAP_RELEASE 3
#define PROC_REAP_KILL 6

/* Linux's subreaper gets orphans too, but doesn't know which child of its they descend from: the kernel goes by when they started. */
static int reap(int command, void *data)
{
	struct { int signal; unsigned flags; pid_t subtree; unsigned killed; pid_t failed; } *order = data;
	int already = 0, pid;
	struct iovec answer = {&pid, sizeof(pid)};

	prctl(PR_GET_CHILD_SUBREAPER, &already, 0, 0, 0);
	if (command == PROC_REAP_ACQUIRE && already) {
		errno = EBUSY;
		return -1;
	}
	if (command != PROC_REAP_KILL)
		return prctl(PR_SET_CHILD_SUBREAPER, command == PROC_REAP_ACQUIRE, 0, 0, 0);
	pid = order->subtree;
	if (ask("reap_kill", order->signal, &answer, 1, NULL, 0, NULL) != 0)
		return -1;
	order->killed = pid;
	return 0;
}

int procctl(int idtype, int64_t id, int command, void *data)
{
	if (command >= PROC_REAP_ACQUIRE && command <= PROC_REAP_KILL && idtype == 0 && id == getpid())
		return reap(command, data);
	if (command != PROC_TRACE_CTL || idtype != 0 || (id != 0 && id != getpid())) {
		errno = EINVAL;
		return -1;
	}
	return ask("trace_ctl", *(int *)data >= PROC_TRACE_CTL_DISABLE, NULL, 0, NULL, 0, NULL);
}
