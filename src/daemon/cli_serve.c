/* serve, demo and config: the commands around running the server. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/random.h"
#include "daemon/certificates.h"
#include "daemon/cli.h"
#include "daemon/cli_account.h"
#include "daemon/master.h"

int cli_serve(struct cli *cli)
{
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	int status = cli_settings(cli);
	if (status)
		return status;
	struct master_options options = {.config = cli->config, .settings = &cli->settings};
	return master_run(&options);
}

static int check_config(struct cli *cli)
{
	struct certificates certificates;
	struct buf problem;
	int status = cli_settings(cli);
	if (status)
		return status;
	buf_init(&problem, 4096);
	if (certificates_read(&certificates, &cli->settings, 0, &problem) == 0) {
		certificates_done(&certificates);
		printf("%s: good\n", cli->config);
	} else {
		fprintf(stderr, "postrider: %s\n", buf_string(&problem));
		status = EXIT_SETTINGS;
	}
	buf_done(&problem);
	return status;
}

int cli_config(struct cli *cli)
{
	struct buf out;
	if (!cli_words(cli, 1, 1))
		return EXIT_USAGE;
	if (strcmp(cli->argv[0], "check") == 0)
		return check_config(cli);
	buf_init(&out, 1 << 20);
	if (strcmp(cli->argv[0], "example") == 0)
		settings_example(&out);
	else if (strcmp(cli->argv[0], "manual") == 0)
		settings_manual(&out);
	else
		return cli_usage(cli, "check, example or manual?");
	fputs(buf_string(&out), stdout);
	buf_done(&out);
	return 0;
}

/* ---- the demo ---- */

static const char *const demo_accounts[] = {"alice@example.test", "bob@example.test"};

/* In the order of enum service. */
static const struct {
	const char *setting, *name;
	unsigned port;
} demo_ports[] = {
    {"smtp_listen", "SMTP", 25},
    {"submission_listen", "submission (STARTTLS)", 587},
    {"submissions_listen", "submissions (TLS)", 465},
    {"lmtp_listen", "LMTP", 24},
    {"pop3_listen", "POP3 (STLS)", 110},
    {"pop3s_listen", "POP3S (TLS)", 995},
};

enum { DEMO_PORTS = sizeof demo_ports / sizeof demo_ports[0], CERTIFICATE_DAYS = 825 };

static FILE *create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

/* A self-signed certificate for the demo's names; made once. */
static bool make_certificate(const char *dir)
{
	char cert_path[PATH_MAX], key_path[PATH_MAX];
	snprintf(cert_path, sizeof cert_path, "%s/tls-cert.pem", dir);
	snprintf(key_path, sizeof key_path, "%s/tls-key.pem", dir);
	if (access(cert_path, R_OK) == 0 && access(key_path, R_OK) == 0)
		return true;
	unlink(cert_path);
	unlink(key_path);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_set_version(x, 2);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), random_u64() >> 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), (long)CERTIFICATE_DAYS * 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)"mail.example.test", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
	    "DNS:mail.example.test,DNS:example.test,DNS:localhost,IP:127.0.0.1,IP:::1");
	X509_add_ext(x, names, -1);
	X509_EXTENSION_free(names);
	X509_sign(x, key, EVP_sha256());
	FILE *key_file = create(key_path), *cert_file = create(cert_path);
	bool good = key_file && cert_file &&
	            PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	            PEM_write_X509(cert_file, x) == 1;
	bool closed = (!key_file || fclose(key_file) == 0);
	closed = (!cert_file || fclose(cert_file) == 0) && closed;
	good = good && closed;
	X509_free(x);
	EVP_PKEY_free(key);
	return good;
}

static bool port_is_taken(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	bool taken =
	    fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0 && errno == EADDRINUSE;
	close(fd);
	return taken;
}

/* The ports stand in a file of their own, written at every start: --port-base counts for each. */
static bool write_ports(const char *path, unsigned base)
{
	unlink(path);
	FILE *f = create(path);
	if (f == NULL)
		return false;
	for (size_t i = 0; i < DEMO_PORTS; i++) {
		unsigned port = base + demo_ports[i].port;
		/* LMTP is for other software: the demo does without it rather than not at all. */
		bool left_out = strcmp(demo_ports[i].setting, "lmtp_listen") == 0 && port_is_taken(port);
		if (left_out)
			printf("postrider: another program listens on port %u, so LMTP is left out "
			       "(--port-base moves all ports)\n",
			    port);
		if (left_out)
			fprintf(f, "%s = {}\n", demo_ports[i].setting);
		else
			fprintf(f, "%s = {\"127.0.0.1:%u\"}\n", demo_ports[i].setting, port);
	}
	return fclose(f) == 0;
}

static bool write_config(const char *path, const char *dir)
{
	FILE *f = create(path);
	if (f == NULL)
		return errno == EEXIST;
	fprintf(f, "# Made by `postrider demo`; change it as you like, it is not written again.\n");
	fprintf(f, "hostname = \"mail.example.test\"\ndata = \"%s/data\"\nrun = \"%s/run\"\n", dir, dir);
	fprintf(f, "tls_certificates = {\"%s/tls-cert.pem\"}\ntls_keys = {\"%s/tls-key.pem\"}\n", dir, dir);
	fprintf(f, "\n# The addresses, written anew at each start of the demo.\ninclude(\"%s/ports.conf\")\n",
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

static int fill_demo(struct directory_client *client, FILE *f)
{
	struct message_directory_answer answer;
	const struct view domain[] = {VIEW("example.test"), VIEW(""), VIEW(""), VIEW("+")};
	const struct view admin = view_from_string(demo_accounts[0]);
	int status = cli_directory_problem(
	    "example.test", directory_client_ask(client, DIRECTORY_DOMAIN_PUT, 0, domain, 4, &answer));
	for (size_t i = 0; status == 0 && i < sizeof demo_accounts / sizeof demo_accounts[0]; i++) {
		char password[CLI_GENERATED_SIZE];
		cli_generate_password(password);
		if (account_exists(client, demo_accounts[i]))
			status =
			    cli_account_reset_password(client, demo_accounts[i], view_from_string(password));
		else
			status = cli_account_create(
			    client, demo_accounts[i], view_from_string(password), 0, false);
		fprintf(f, "%s %s\n", demo_accounts[i], password);
	}
	if (status == 0)
		status = cli_directory_problem(
		    "postmaster", directory_client_ask(client, DIRECTORY_ADMIN_PUT, 0, &admin, 1, &answer));
	return status;
}

/*
 * The domain and its accounts, with generated passwords, in the store itself: no server runs yet. A process
 * of its own does it, since root becomes the folder's owner there. The file of passwords gets its name last,
 * so that a start which was cut is done over.
 */
static int make_accounts(struct cli *cli, const char *dir)
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
			status = fill_demo(client, f);
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

static void describe(struct buf *text, const char *dir, const struct settings *settings, const char *config)
{
	buf_append_string(text, "\n  service                 address\n");
	for (enum service service = 0; service <= SERVICE_POP3S; service++)
		if (service_addresses(settings, service).len)
			buf_printf(text, "  %-22s  %.*s\n", demo_ports[service].name,
			    VIEW_FMT(service_addresses(settings, service)));
	buf_append_string(text, "\n  account                 password\n");
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
	buf_printf(text, "\n  settings: %s     administration: postrider --config %s account list\n\n",
	    config, config);
	buf_printf(text,
	    "postrider ready: mail for example.test, version " POSTRIDER_VERSION ", stop with ctrl-C\n");
}

int cli_demo(struct cli *cli)
{
	const char *dir_word = cli_value(cli, "--dir"), *base_word = cli_value(cli, "--port-base");
	char dir[PATH_MAX / 2], config[PATH_MAX], ports[PATH_MAX];
	uint64_t base = 2000;
	if (!cli_words(cli, 0, 0))
		return EXIT_USAGE;
	if (base_word && !view_to_u64(view_from_string(base_word), 64000, &base))
		return cli_usage(cli, "--port-base takes a number up to 64000");
	dir_word = dir_word ? dir_word : "./var";
	if (mkdir(dir_word, 0755) != 0 && errno != EEXIST) {
		fprintf(stderr, "postrider: cannot make the folder %s: %s\n", dir_word, strerror(errno));
		return EXIT_UNAVAILABLE;
	}
	char *real = realpath(dir_word, NULL);
	if (real == NULL || strlen(real) >= sizeof dir) {
		fprintf(stderr, "postrider: cannot use the folder %s\n", dir_word);
		free(real);
		return EXIT_UNAVAILABLE;
	}
	strcpy(dir, real);
	free(real);
	snprintf(config, sizeof config, "%s/postrider.conf", dir);
	snprintf(ports, sizeof ports, "%s/ports.conf", dir);
	if (!make_certificate(dir) || !write_ports(ports, (unsigned)base) || !write_config(config, dir)) {
		fprintf(stderr, "postrider: cannot write to %s: %s\n", dir, strerror(errno));
		return EXIT_UNAVAILABLE;
	}
	cli->config = config;
	int status = make_accounts(cli, dir);
	if (status == 0)
		status = cli_settings(cli);
	if (status)
		return status;
	struct buf text;
	buf_init(&text, 16384);
	describe(&text, dir, &cli->settings, config);
	struct master_options options = {
	    .config = config, .settings = &cli->settings, .ready_text = buf_string(&text)};
	status = master_run(&options);
	buf_done(&text);
	return status;
}
