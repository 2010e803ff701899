/*
 * demo: two servers on loopback, each with a domain of its own, so that a newcomer sees mail cross from one
 * to the other. The first is this process; the second a child of it, which ends with it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "config/services.h"
#include "cli/cli_account.h"
#include "cli/demo_dns.h"
#include "cli/self_signed.h"
#include "master/master.h"

struct site {
	const char *domain, *address;
	const char *folder;        /* below the demo's; empty: itself */
	const char *accounts[4];   /* the first one gets postmaster's mail */
	const char *administrator; /* one of them, who administers by the web */
	const char *names;         /* in its certificate */
};

static const struct site sites[] = {
    {"example.test", "127.0.0.1", "", {"alice@example.test", "bob@example.test", "admin@example.test"},
        "admin@example.test", "DNS:mail.example.test,DNS:example.test,DNS:localhost,IP:127.0.0.1,IP:::1"},
    {"example.net", "127.0.0.2", "/example.net", {"carol@example.net", "admin@example.net"},
        "admin@example.net", "DNS:mail.example.net,DNS:example.net,IP:127.0.0.2"},
};

/* A domain that publishes that it sends no mail at all: whoever writes in its name is a forger. */
static const char forged_domain[] = "bank.test";

enum { SITES = 2, START_MS = 20000, DNS_PORT_OFFSET = 53 };

/* What a person reads of each service that has a port. */
static const char *const service_texts[SERVICES] = {
    [SERVICE_SMTP] = "SMTP",
    [SERVICE_SUBMISSION] = "submission (STARTTLS)",
    [SERVICE_SUBMISSIONS] = "submissions (TLS)",
    [SERVICE_LMTP] = "LMTP",
    [SERVICE_POP3] = "POP3 (STLS)",
    [SERVICE_POP3S] = "POP3S (TLS)",
    [SERVICE_IMAP] = "IMAP (STARTTLS)",
    [SERVICE_IMAPS] = "IMAPS (TLS)",
    [SERVICE_MANAGESIEVE] = "ManageSieve (STARTTLS)",
    [SERVICE_HTTP] = "HTTP (leads to HTTPS)",
    [SERVICE_HTTPS] = "HTTPS (web, JMAP)",
};

static const char *service_text(enum service service)
{
	return service_texts[service] ? service_texts[service] : service_name(service);
}

static unsigned port_of(enum service service, unsigned base)
{
	return base + service_row(service)->port;
}

static FILE *create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

/* The demo's certificate; made once. */
static bool make_certificate(const struct site *site, const char *dir)
{
	char certificate[PATH_MAX], key[PATH_MAX], name[64];
	snprintf(name, sizeof name, "mail.%s", site->domain);
	snprintf(certificate, sizeof certificate, "%s/tls-cert.pem", dir);
	snprintf(key, sizeof key, "%s/tls-key.pem", dir);
	return self_signed_make(name, site->names, certificate, key);
}

static bool port_is_taken(const struct site *site, unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = inet_addr(site->address)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	bool taken =
	    fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == EADDRINUSE;
	close(fd);
	return taken;
}

/* The demo's name server is asked for the demo's names, and everybody but the server itself is checked. What
 * stands above a domain is asked about it as well (DMARC), and .net is on the internet. What each reports of
 * the other's mail goes where that name server says. */
static void write_names(FILE *f, const struct site *site, unsigned base)
{
	const char *const names[] = {
	    sites[0].domain, sites[1].domain, forged_domain, "_dmarc.net", "127.in-addr.arpa"};
	fputs("dns_stubs = {", f);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		fprintf(f, "%s\"%s 127.0.0.1@%u insecure\"", i ? ", " : "", names[i], base + DNS_PORT_OFFSET);
	fprintf(f, "}\ntrusted_networks = {\"%s/32\"}\nreport_addresses = {\"postmaster@%s\"}\n",
	    site->address, site->domain);
}

/* The ports stand in a file of their own, written at every start: --port-base counts for each. */
static bool write_ports(const struct site *site, const char *path, unsigned base)
{
	unlink(path);
	FILE *f = create(path);
	if (f == NULL)
		return false;
	for (enum service service = 0; service < SERVICES; service++) {
		unsigned port = port_of(service, base);
		if (service_row(service)->socket || service_row(service)->port == 0)
			continue;
		/* LMTP is for other software: the demo does without it rather than not at all. */
		bool left_out = service == SERVICE_LMTP && port_is_taken(site, port);
		if (left_out)
			printf("postrider: another program listens on port %u, so LMTP is left out "
			       "(--port-base moves all ports)\n",
			    port);
		if (left_out)
			fprintf(f, "%s_listen = {}\n", service_name(service));
		else
			fprintf(f, "%s_listen = {\"%s:%u\"}\n", service_name(service), site->address, port);
	}
	/* No mail leaves this machine: what is not the other's it refuses, and the sender is told. */
	const struct site *other = site == &sites[0] ? &sites[1] : &sites[0];
	fprintf(f, "routes = {\"* smtp:%s:%u\"}\nrelay_source = {\"%s\"}\nsender_null_mx = false\n",
	    other->address, port_of(SERVICE_SMTP, base), site->address);
	write_names(f, site, base);
	return fclose(f) == 0;
}

static bool write_config(const struct site *site, const char *path, const char *dir)
{
	FILE *f = create(path);
	if (f == NULL)
		return errno == EEXIST;
	fprintf(f, "# Made by `postrider demo`; change it as you like, it is not written again.\n");
	fprintf(f, "hostname = \"mail.%s\"\ndata = \"%s/data\"\nrun = \"%s/run\"\n", site->domain, dir, dir);
	fprintf(f, "tls_certificates = {\"%s/tls-cert.pem\"}\ntls_keys = {\"%s/tls-key.pem\"}\n", dir, dir);
	fprintf(f,
	    "\n# The addresses and the way to the other server, written anew at each start of the "
	    "demo.\ninclude(\"%s/ports.conf\")\n",
	    dir);
	return fclose(f) == 0;
}

/* Whether there is such an account already, from an earlier start that did not come to its end. */
static bool account_exists(struct directory_client *client, const char *address)
{
	struct message_directory_answer answer;
	const struct view field = view_from_string(address);
	return directory_client_ask(client, DIRECTORY_LOOK_UP, 0, &field, 1, &answer) == 0;
}

static int fill_demo(const struct site *site, struct directory_client *client, FILE *f)
{
	struct message_directory_answer answer;
	const struct view domain[] = {view_from_string(site->domain), VIEW(""), VIEW(""), VIEW("+")};
	const struct view postmaster = view_from_string(site->accounts[0]);
	const struct view admin[] = {view_from_string(site->administrator), VIEW("administrator"), VIEW("1")};
	int status = cli_directory_problem(
	    site->domain, directory_client_ask(client, DIRECTORY_DOMAIN_PUT, 0, domain, 4, &answer));
	for (size_t i = 0; status == 0 && site->accounts[i]; i++) {
		char password[CLI_GENERATED_SIZE];
		cli_generate_password(password);
		if (account_exists(client, site->accounts[i]))
			status =
			    cli_account_reset_password(client, site->accounts[i], view_from_string(password));
		else
			status = cli_account_create(
			    client, site->accounts[i], view_from_string(password), 0, false);
		fprintf(f, "%s %s\n", site->accounts[i], password);
	}
	if (status == 0)
		status = cli_directory_problem("postmaster",
		    directory_client_ask(client, DIRECTORY_ADMIN_PUT, 0, &postmaster, 1, &answer));
	if (status == 0)
		status = cli_directory_problem(site->administrator,
		    directory_client_ask(client, DIRECTORY_ACCOUNT_SET, 0, admin, 3, &answer));
	return status;
}

/*
 * The domain and its accounts, with generated passwords, in the store itself: no server runs yet. A process
 * of its own does it, since root becomes the folder's owner there. The file of passwords gets its name last,
 * so that a start which was cut is done over.
 */
static int make_accounts(const struct site *site, struct cli *cli, const char *dir)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	struct directory_client *client;
	int status = EXIT_UNAVAILABLE;
	snprintf(path, sizeof path, "%s/demo-accounts", dir);
	snprintf(fresh, sizeof fresh, "%s/demo-accounts.new", dir);
	if (access(path, F_OK) == 0)
		return 0;
	unlink(fresh);
	FILE *f = create(fresh);
	if (f == NULL) {
		fprintf(stderr, "postrider: cannot write %s: %s\n", fresh, strerror(errno));
		return EXIT_UNAVAILABLE;
	}
	pid_t pid = fork();
	if (pid == 0) {
		status = directory_client_open(cli, &client);
		if (status == 0) {
			status = fill_demo(site, client, f);
			directory_client_close(client);
		}
		exit(fclose(f) == 0 ? status : EXIT_UNAVAILABLE);
	}
	fclose(f);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return EXIT_UNAVAILABLE;
	if (WEXITSTATUS(status) != 0)
		return WEXITSTATUS(status);
	return rename(fresh, path) == 0 ? 0 : EXIT_UNAVAILABLE;
}

static void describe_accounts(struct buf *text, const char *dir)
{
	char path[PATH_MAX], line[512];
	snprintf(path, sizeof path, "%s/demo-accounts", dir);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f)) {
		char *space = strchr(line, ' ');
		if (space)
			buf_printf(text, "  %-22.*s  %s", (int)(space - line), line, space + 1);
	}
	if (f)
		fclose(f);
}

/* Commands that work as they stand: the program's own name is a path while it is not installed. */
static void name_program(char program[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", program, PATH_MAX - 1);
	if (len > 0)
		program[len] = '\0';
	else
		snprintf(program, PATH_MAX, "postrider");
}

static void describe_first_mail(struct buf *text, const char *dir, unsigned base)
{
	const struct site *site = &sites[0];
	char program[PATH_MAX];
	name_program(program);
	buf_printf(text,
	    "  in a browser: https://localhost:%u/ (accept its certificate, and sign in as %s)\n\n",
	    port_of(SERVICE_HTTPS, base), site->accounts[0]);
	buf_printf(text,
	    "  a first mail: %s message send --server %s:%u --ca-file %s/tls-cert.pem --user %s --to %s "
	    "--text Hello\n",
	    program, site->address, port_of(SERVICE_SUBMISSION, base), dir, site->accounts[0],
	    site->accounts[1]);
	buf_printf(text,
	    "  to read it:   %s message fetch --server %s:%u --ca-file %s/tls-cert.pem --user %s --show\n\n",
	    program, site->address, port_of(SERVICE_POP3S, base), dir, site->accounts[1]);
}

static void describe(
    struct buf *text, const char *dir, const struct settings *settings, const char *config, unsigned base)
{
	char other[PATH_MAX], program[PATH_MAX];
	name_program(program);
	buf_append_string(text, "\n  service                 address\n");
	for (enum service service = 0; service < SERVICES; service++)
		if (service_addresses(settings, service).len)
			buf_printf(text, "  %-22s  %.*s\n", service_text(service),
			    VIEW_FMT(service_addresses(settings, service)));
	buf_append_string(text, "\n  account                 password\n");
	describe_accounts(text, dir);
	snprintf(other, sizeof other, "%s%s", dir, sites[1].folder);
	describe_accounts(text, other);
	buf_printf(text,
	    "\n  %s is another server, with the same ports on %s; its process number is in %s/pid.\n",
	    sites[1].domain, sites[1].address, other);
	buf_printf(text, "\n  settings:       %s\n  administration: %s --config %s account list\n\n", config,
	    program, config);
	describe_first_mail(text, dir, base);
	buf_printf(text,
	    "postrider ready: mail for %s and %s, version " POSTRIDER_VERSION ", stop with ctrl-C\n",
	    sites[0].domain, sites[1].domain);
}

/* Everything of a site but the server itself. 0 or an exit status with the reason said. */
static int prepare(
    const struct site *site, struct cli *cli, const char *base_dir, unsigned base, char config[PATH_MAX])
{
	char dir[PATH_MAX - 32], ports[PATH_MAX];
	snprintf(dir, sizeof dir, "%s%s", base_dir, site->folder);
	snprintf(config, PATH_MAX, "%s/postrider.conf", dir);
	snprintf(ports, sizeof ports, "%s/ports.conf", dir);
	if ((mkdir(dir, 0755) != 0 && errno != EEXIST) || !make_certificate(site, dir) ||
	    !write_ports(site, ports, base) || !write_config(site, config, dir)) {
		fprintf(stderr, "postrider: cannot write to %s: %s\n", dir, strerror(errno));
		return EXIT_UNAVAILABLE;
	}
	cli->config = config;
	int status = make_accounts(site, cli, dir);
	return status ? status : cli_settings(cli);
}

static bool answers(const struct site *site, unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = inet_addr(site->address)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
	close(fd);
	return good;
}

/* For who wants to stop it alone. Not fatal: the server serves without. */
static void write_pid(const char *path)
{
	unlink(path);
	FILE *f = create(path);
	if (f == NULL || fprintf(f, "%ld\n", (long)getpid()) < 0)
		fprintf(stderr, "postrider: cannot write %s: %s\n", path, strerror(errno));
	if (f)
		fclose(f);
}

static void remove_pid(const char *base_dir)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s%s/pid", base_dir, sites[1].folder);
	unlink(path);
}

/* The second server, in a process of its own, its log in a file. Returns when it takes mail, or -1. */
static pid_t start_other(const struct cli *from, const char *base_dir, unsigned base)
{
	const struct site *site = &sites[1];
	char config[PATH_MAX], log[PATH_MAX], pid_path[PATH_MAX];
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		struct cli cli = *from;
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			exit(0);
		int status = prepare(site, &cli, base_dir, base, config);
		snprintf(log, sizeof log, "%s%s/log", base_dir, site->folder);
		int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd >= 0)
			dup2(fd, STDERR_FILENO);
		snprintf(pid_path, sizeof pid_path, "%s%s/pid", base_dir, site->folder);
		if (status == 0)
			write_pid(pid_path);
		unsetenv("NOTIFY_SOCKET");
		struct master_options options = {.config = config, .settings = &cli.settings};
		exit(status ? status : master_run(&options));
	}
	for (unsigned ms = 0; pid > 0 && !answers(site, port_of(SERVICE_SMTP, base)); ms += 20) {
		if (waitpid(pid, NULL, WNOHANG) == pid || ms >= START_MS)
			return -1;
		usleep(20000);
	}
	return pid;
}

static int find_folder(const char *word, char dir[PATH_MAX / 2])
{
	if (mkdir(word, 0755) != 0 && errno != EEXIST) {
		fprintf(stderr, "postrider: cannot make the folder %s: %s\n", word, strerror(errno));
		return EXIT_UNAVAILABLE;
	}
	char *real = realpath(word, NULL);
	if (real == NULL || strlen(real) >= PATH_MAX / 2) {
		fprintf(stderr,
		    "postrider: cannot use the folder %s: its path is too long, or cannot be resolved\n",
		    word);
		free(real);
		return EXIT_UNAVAILABLE;
	}
	strcpy(dir, real);
	free(real);
	return 0;
}

/* One demo in a folder: a second one would give the first other ports before anything refused it. The lock
 * goes with this process. */
static int take_folder(const char *dir)
{
	char path[PATH_MAX];
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	snprintf(path, sizeof path, "%s/demo.lock", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	if (fd >= 0 && (errno == EACCES || errno == EAGAIN)) {
		fprintf(stderr,
		    "postrider: a demo runs in %s already; stop it with ctrl-C in its terminal, or choose "
		    "another "
		    "folder and other ports with --dir and --port-base\n",
		    dir);
		return EXIT_REFUSED;
	}
	fprintf(stderr, "postrider: cannot write %s: %s\n", path, strerror(errno));
	return EXIT_UNAVAILABLE;
}

static pid_t start_names(const char *dir, unsigned base)
{
	static char configs[SITES][PATH_MAX];
	struct demo_site served[SITES + 1];
	for (size_t i = 0; i < SITES; i++) {
		snprintf(configs[i], sizeof configs[i], "%s%s/postrider.conf", dir, sites[i].folder);
		served[i] = (struct demo_site){sites[i].domain, sites[i].address, configs[i]};
	}
	served[SITES] = (struct demo_site){forged_domain, "192.0.2.1", NULL};
	pid_t pid = demo_dns_start(served, SITES + 1, base + DNS_PORT_OFFSET);
	if (pid < 0)
		fprintf(stderr,
		    "postrider: the demo's name server did not start, so nobody's mail is proven: port %u of "
		    "127.0.0.1 is taken (--port-base moves all ports)\n",
		    base + DNS_PORT_OFFSET);
	return pid;
}

int cli_demo(struct cli *cli)
{
	const char *dir_word = cli_value(cli, "--dir"), *base_word = cli_value(cli, "--port-base");
	char dir[PATH_MAX / 2], config[PATH_MAX];
	uint64_t base = 2000;
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	if (base_word && !view_to_u64(view_from_string(base_word), 64000, &base))
		return cli_usage(cli, "--port-base takes a number up to 64000");
	int status = find_folder(dir_word ? dir_word : "./var", dir);
	if (status == 0)
		status = take_folder(dir);
	if (status)
		return status;
	pid_t names = start_names(dir, (unsigned)base), other = start_other(cli, dir, (unsigned)base);
	if (other < 0)
		fprintf(stderr,
		    "postrider: the second server, for %s on %s, did not start; its log is %s%s/log\n",
		    sites[1].domain, sites[1].address, dir, sites[1].folder);
	status = prepare(&sites[0], cli, dir, (unsigned)base, config);
	if (status == 0) {
		struct buf text;
		buf_init(&text, 65536);
		describe(&text, dir, &cli->settings, config, (unsigned)base);
		struct master_options options = {
		    .config = config, .settings = &cli->settings, .ready_text = buf_string(&text)};
		status = master_run(&options);
		buf_done(&text);
	}
	if (other > 0) {
		kill(other, SIGTERM);
		waitpid(other, NULL, 0);
		remove_pid(dir);
	}
	if (names > 0) {
		kill(names, SIGTERM);
		waitpid(names, NULL, 0);
	}
	return status;
}
