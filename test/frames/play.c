/*
 * Plays scripts of frames against a role: the role runs as a process of its own, as the master would start
 * it, and the script holds the other end of each of its channels. README.md has the language.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "master/roles.h"
#include "trust/login/credentials.h"
#include "value.h"

enum { WAIT_MS = 120000, CHANNELS_MAX = 32, LABELS_MAX = 64, NAMES_BYTES = 256 << 20, FIRST_REQUEST = 1000 };

struct channel_end {
	char name[32];
	int fd; /* -1: closed */
	struct buf in;
};

struct label {
	char name[32];
	uint32_t request;
};

static struct {
	const char *file;
	unsigned line;
	const struct role *role;
	pid_t pid;
	int folder;
	char path[64];
	char settings[65536];
	uint64_t last_number;
	uint32_t last_request;
	struct channel_end ends[CHANNELS_MAX];
	size_t end_count;
	struct label labels[LABELS_MAX];
	size_t label_count;
	struct value_names names;
	struct arena arena; /* of the message at hand */
} t;

static void stop_role(void)
{
	char command[100];
	if (t.pid > 0) {
		kill(t.pid, SIGKILL);
		waitpid(t.pid, NULL, 0);
	}
	snprintf(command, sizeof command, "rm -rf '%s'", t.path);
	if (t.path[0] && system(command) != 0)
		perror(t.path);
}

static _Noreturn void fail(const char *what, const char *about)
{
	fprintf(stderr, "%s:%u: %s%s%s\n", t.file, t.line, what, about ? ": " : "", about ? about : "");
	stop_role();
	exit(1);
}

/* ---- the words of a line ---- */

static struct view take_word(struct view *rest)
{
	*rest = view_trim(*rest);
	ptrdiff_t blank = view_find(*rest, ' ');
	struct view word = blank < 0 ? *rest : view_take(*rest, (size_t)blank);
	*rest = view_trim(view_skip(*rest, word.len));
	return word;
}

static bool starts(struct view v, char c)
{
	return v.len > 0 && v.data[0] == c;
}

static struct channel_end *end_named(struct view name)
{
	for (size_t i = t.end_count; i > 0; i--)
		if (view_equal(name, view_from_string(t.ends[i - 1].name)) && t.ends[i - 1].fd >= 0)
			return &t.ends[i - 1];
	fail("no such channel is open", NULL);
}

static void add_end(struct view name, int fd)
{
	if (t.end_count == CHANNELS_MAX || name.len == 0 || name.len >= sizeof t.ends[0].name)
		fail("too many channels, or a name that is too long", NULL);
	struct channel_end *end = &t.ends[t.end_count++];
	*end = (struct channel_end){.fd = fd};
	memcpy(end->name, name.data, name.len);
	buf_init(&end->in, CHANNEL_FRAME_MAX + 64);
}

static unsigned type_named(struct view name)
{
	for (unsigned type = 0; type < MESSAGE_TYPES; type++)
		if (ipc_name(type) && view_equal(name, view_from_string(ipc_name(type))))
			return type;
	fail("no message has this name", NULL);
}

/* A label that stands for no number yet gets this one. */
static uint32_t request_of(struct view label, uint32_t fresh)
{
	for (size_t i = 0; i < t.label_count; i++)
		if (view_equal(label, view_from_string(t.labels[i].name)))
			return t.labels[i].request;
	if (t.label_count == LABELS_MAX || label.len >= sizeof t.labels[0].name)
		fail("too many labels, or one that is too long", NULL);
	struct label *l = &t.labels[t.label_count++];
	*l = (struct label){.request = fresh};
	memcpy(l->name, label.data, label.len);
	return fresh;
}

struct message_line {
	struct channel_end *end;
	unsigned type;
	struct view label, channel; /* "#label", "+channel", without their signs; empty: none */
	bool passes;
	struct value fields;
};

static struct message_line parse_message(struct view rest)
{
	struct message_line m = {.end = end_named(take_word(&rest))};
	const char *problem;
	m.type = type_named(take_word(&rest));
	if (starts(rest, '#'))
		m.label = view_skip(take_word(&rest), 1);
	if (starts(rest, '+')) {
		m.passes = true;
		m.channel = view_skip(take_word(&rest), 1);
	}
	if (!script_parse_fields(rest, &t.names, &m.fields, &problem))
		fail(problem, NULL);
	return m;
}

/* ---- what a script can say ---- */

static void do_send(struct view rest)
{
	struct message_line m = parse_message(rest);
	_Alignas(16) char message[MESSAGE_STRUCT_MAX] = {0};
	const char *problem = NULL;
	arena_reset(&t.arena);
	if (!script_put(&m.fields, ipc_schema(m.type), message, &t.arena, &problem))
		fail(problem, NULL);
	uint32_t request = m.label.len ? request_of(m.label, ++t.last_request) : 0;
	int pass = m.passes ? open("/dev/null", O_RDONLY | O_CLOEXEC) : -1;
	int error = ipc_send_blocking(m.end->fd, m.type, request, message, pass);
	if (pass >= 0)
		close(pass);
	if (error)
		fail("this cannot be sent", strerror(-error));
}

static void do_garbled(struct view rest)
{
	struct channel_end *end = end_named(take_word(&rest));
	unsigned type = type_named(take_word(&rest));
	uint32_t request = starts(rest, '#') ? request_of(view_skip(rest, 1), ++t.last_request) : 0;
	if (channel_send_blocking(end->fd, (uint16_t)type, request, VIEW("garbled"), -1) != 0)
		fail("this cannot be sent", NULL);
}

static void show(unsigned type, const void *message, struct buf *out)
{
	buf_printf(out, "%s ", ipc_name(type));
	script_show(ipc_schema(type), message, out);
}

static void do_expect(struct view rest)
{
	struct message_line m = parse_message(rest);
	_Alignas(16) char message[MESSAGE_STRUCT_MAX];
	struct channel_frame frame;
	struct buf shown;
	int error = channel_receive_blocking(m.end->fd, &m.end->in, &frame, WAIT_MS);
	if (error)
		fail("no message came", strerror(-error));
	arena_reset(&t.arena);
	if (ipc_decode_as(&frame, NULL, sizeof message, message, &t.arena) != 0)
		fail("what came cannot be read", ipc_name(frame.type));
	buf_init(&shown, 1 << 20);
	show(frame.type, message, &shown);
	uint32_t request = m.label.len ? request_of(m.label, frame.request) : 0;
	if (frame.type != m.type || !script_match(&m.fields, ipc_schema(m.type), message, &t.names))
		fail("what came is another", buf_string(&shown));
	if (frame.request != request)
		fail("what came has another request number", buf_string(&shown));
	if (m.passes != (frame.fd >= 0))
		fail(m.passes ? "no descriptor came along" : "a descriptor came along", buf_string(&shown));
	if (m.passes)
		add_end(m.channel, frame.fd);
	buf_done(&shown);
}

static void do_gone(struct view rest)
{
	struct channel_end *end = end_named(take_word(&rest));
	struct channel_frame frame;
	int error = channel_receive_blocking(end->fd, &end->in, &frame, WAIT_MS);
	if (error == 0)
		fail("a message came where the channel should have closed", ipc_name(frame.type));
	if (error == -ETIMEDOUT)
		fail("the channel is still open", NULL);
	close(end->fd);
	end->fd = -1;
}

static void do_close(struct view rest)
{
	struct channel_end *end = end_named(take_word(&rest));
	close(end->fd);
	end->fd = -1;
}

/* "peer ROLE [NAME]": a second process of one role has a name of its own. */
static void do_peer(struct view rest)
{
	char name[32];
	int pair[2];
	struct view role = take_word(&rest);
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(role));
	struct message_peer m = {.role = role_bit_by_name(name), .number = ++t.last_number};
	if (m.role == 0 || channel_pair(pair) != 0 ||
	    ipc_send_blocking(end_named(VIEW("master"))->fd, MESSAGE_PEER, 0, &m, pair[0]) != 0)
		fail("no role has this name, or it cannot be introduced", NULL);
	close(pair[0]);
	add_end(rest.len > 0 ? rest : role, pair[1]);
}

/* "admin NAME": connects to the role's administrator's socket. The first time makes it. */
static void do_admin(struct view rest)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	enum service service = 0;
	while (service < SERVICES && (service_row(service)->socket == NULL ||
	                                 strcmp(service_row(service)->role, t.role->name) != 0))
		service++;
	snprintf(address.sun_path, sizeof address.sun_path, "%s/admin", t.path);
	if (service == SERVICES)
		fail("this role has no administrator's socket", NULL);
	if (access(address.sun_path, F_OK) != 0) {
		struct message_listener m = {.service = service, .address = VIEW("admin")};
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
		    listen(fd, 8) != 0 ||
		    ipc_send_blocking(end_named(VIEW("master"))->fd, MESSAGE_LISTENER, 0, &m, fd) != 0)
			fail("no socket can be made", strerror(errno));
		close(fd);
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		fail("the role's socket cannot be connected to", strerror(errno));
	add_end(rest, fd);
}

static void run_role(int control)
{
	int null = open("/dev/null", O_RDWR);
	if (getenv("PLAY_LOG") == NULL)
		dup2(null, STDERR_FILENO);
	setenv("POSTRIDER_SANDBOX", "off", 1);
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		_exit(99);
	_exit(role_run(t.role, control));
}

static void do_role(struct view rest)
{
	char name[32];
	int pair[2];
	snprintf(name, sizeof name, "%.*s", VIEW_FMT(rest));
	t.role = role_by_name(name);
	strcpy(t.path, "/tmp/postrider-frames-XXXXXX");
	if (t.role == NULL || channel_pair(pair) != 0 || mkdtemp(t.path) == NULL || chmod(t.path, 0777) != 0)
		fail("no role has this name, or it cannot be started", NULL);
	t.folder = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (geteuid() == 0 && fchown(t.folder, 65534, 65534) != 0)
		fail("the folder cannot be given away", NULL);
	fflush(NULL);
	t.pid = fork();
	if (t.pid == 0) {
		close(pair[0]);
		run_role(pair[1]);
	}
	close(pair[1]);
	add_end(VIEW("master"), pair[0]);
}

static void do_set(struct view rest)
{
	size_t used = strlen(t.settings);
	snprintf(t.settings + used, sizeof t.settings - used, "%.*s\n", VIEW_FMT(rest));
}

/* At a second time it is a reload. */
static void do_start(struct view rest)
{
	struct buf encoded, problem;
	struct settings settings;
	struct message_empty none = {0};
	int control = end_named(VIEW("master"))->fd;
	(void)rest;
	settings_init(&settings);
	buf_init(&encoded, 1 << 20);
	buf_init(&problem, 4096);
	if (settings_parse(&settings, t.settings, &problem) != 0 || settings_encode(&settings, &encoded) != 0)
		fail("wrong settings", buf_string(&problem));
	struct message_settings m = {.encoded = buf_view(&encoded)};
	if (ipc_send_blocking(control, MESSAGE_SETTINGS, 0, &m, -1) != 0 ||
	    (t.role->gets_folder && ipc_send_blocking(control, MESSAGE_FOLDER, 0, &none, t.folder) != 0) ||
	    ipc_send_blocking(control, MESSAGE_START, 0, &none, -1) != 0)
		fail("the role cannot be started", NULL);
	buf_done(&encoded);
	buf_done(&problem);
	settings_done(&settings);
}

/* As it was imported from another server. */
static void put_foreign(struct credentials *c, struct view password, struct arena *arena)
{
	struct buf text;
	struct view kept;
	buf_init(&text, 256);
	buf_append_string(&text, "{PLAIN}");
	buf_append(&text, password);
	if (!arena_copy(arena, buf_view(&text), &kept))
		fail("no such password", NULL);
	credentials_put_hash(c, kept);
	buf_done(&text);
}

/* "credentials NAME PASSWORD": an account's record with this main password, as auth keeps it in the
 * directory. */
static void name_credentials(struct view rest, bool second, bool foreign)
{
	static const unsigned char salt[SCRAM_SALT_SIZE] = "frames", secret[TOTP_SECRET_SIZE] = "secret";
	unsigned char random[RECOVERY_CODES][RECOVERY_RANDOM] = {{0}};
	char texts[RECOVERY_CODES][RECOVERY_TEXT_SIZE];
	struct view name = take_word(&rest);
	struct credentials c;
	struct buf record;
	struct arena arena;
	buf_init(&record, CREDENTIALS_MAX);
	arena_init(&arena, 1 << 20);
	credentials_init(&c, salt);
	for (unsigned char i = 0; i < RECOVERY_CODES; i++)
		random[i][0] = (unsigned char)(i << 3);
	if (second && second_factor_set_totp(&c.second, secret, 0, &arena) == 0)
		second_factor_make_recovery(&c.second, view_of(salt, sizeof salt), random, texts);
	if (foreign)
		put_foreign(&c, rest, &arena);
	else if (credentials_set_password(&c, rest, false, &arena) != 0)
		fail("no such password", NULL);
	if (credentials_encode(&c, &record) != 0)
		fail("no such password", NULL);
	script_name(&t.names, name, &(struct value){.kind = VALUE_TEXT, .text = buf_view(&record)});
	arena_done(&arena);
	buf_done(&record);
}

static void do_credentials(struct view rest)
{
	name_credentials(rest, false, false);
}

/* "two-step NAME PASSWORD": the same with a second factor. Its recovery codes are "aaaaaaaaaaaaaaaa",
 * "baaaaaaaaaaaaaaa" and so on. */
static void do_two_step(struct view rest)
{
	name_credentials(rest, true, false);
}

/* "foreign NAME PASSWORD", "foreign-two-step NAME PASSWORD": the same with a hash of another server. */
static void do_foreign(struct view rest)
{
	name_credentials(rest, false, true);
}

static void do_foreign_two_step(struct view rest)
{
	name_credentials(rest, true, true);
}

/* "ended STATUS": the role ends by itself. */
static void do_ended(struct view rest)
{
	uint64_t wanted;
	int status;
	char text[32];
	struct pollfd p = {.fd = end_named(VIEW("master"))->fd, .events = POLLIN};
	if (!view_to_u64(rest, 255, &wanted) || poll(&p, 1, WAIT_MS) != 1 ||
	    waitpid(t.pid, &status, 0) != t.pid)
		fail("the role has not ended", NULL);
	t.pid = 0;
	snprintf(text, sizeof text, "%d", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
	if (!WIFEXITED(status) || (uint64_t)WEXITSTATUS(status) != wanted)
		fail("the role has ended with another status", text);
}

static const struct {
	const char *word;
	void (*run)(struct view rest);
} commands[] = {{">", do_send}, {"<", do_expect}, {"garbled", do_garbled}, {"gone", do_gone},
    {"close", do_close}, {"peer", do_peer}, {"admin", do_admin}, {"role", do_role}, {"set", do_set},
    {"start", do_start}, {"credentials", do_credentials}, {"two-step", do_two_step}, {"foreign", do_foreign},
    {"foreign-two-step", do_foreign_two_step}, {"ended", do_ended}};

static void play_line(struct view line)
{
	struct view rest = line, word = take_word(&rest);
	if (word.len == 0 || starts(word, '#'))
		return;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (view_equal(word, view_from_string(commands[i].word))) {
			commands[i].run(rest);
			return;
		}
	fail("what is this?", NULL);
}

static void play(const char *file)
{
	static char text[1 << 20];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text);
	int status;
	memset(&t, 0, sizeof t);
	t.file = file;
	t.last_request = FIRST_REQUEST;
	if (len < 0 || (size_t)len == sizeof text)
		fail("cannot be read, or is too long", NULL);
	close(fd);
	arena_init(&t.names.arena, NAMES_BYTES);
	arena_init(&t.arena, NAMES_BYTES);
	struct view rest = view_of(text, (size_t)len), line;
	while (rest.len && view_next(&rest, '\n', &line)) {
		t.line++;
		play_line(line);
	}
	if (t.role == NULL || (t.pid > 0 && waitpid(t.pid, &status, WNOHANG) != 0))
		fail("the role does not live any more", NULL);
	stop_role();
	for (size_t i = 0; i < t.end_count; i++) {
		if (t.ends[i].fd >= 0)
			close(t.ends[i].fd);
		buf_done(&t.ends[i].in);
	}
	close(t.folder);
	arena_done(&t.names.arena);
	arena_done(&t.arena);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc; i++) {
		play(argv[i]);
		printf("ok %s\n", argv[i]);
	}
	return argc > 1 ? 0 : 64;
}
