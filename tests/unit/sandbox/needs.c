#include "sandbox/needs.h"

#include "config/config.h"
#include "sandbox/grants.h"
#include "sandbox/sandbox_config.h"
#include "unit/test.h"

/* Something with an option of each kind. */
struct shop {
    struct url door, supplier;
    const char *book, *till, *bell, *ca, *name;
    struct strings papers, bells, parcels;
};

#define OPTION(...) OPTION_ROW(struct shop, __VA_ARGS__)
static const struct option_row shop_options[] = {
    OPTION(door, URL, NULL, "dns|udp|tls", "", "A door.", LISTEN)
        OPTION(supplier, URL, "udp://192.0.2.1:99", "tls|udp", "", "Who delivers.", CONNECT)
            OPTION(book, STRING, "", "", "", "Kept.", KEEP)
                OPTION(till, STRING, "", "", "", "Written.", WRITE)
                    OPTION(bell, STRING, "/run/bell", "", "", "Rung.", SOCKET)
                        OPTION(ca, STRING, "system", "", "", "Trusted.", TRUST)
                            OPTION(bells, STRINGS, "", "", "", "Rung by TCP.", LISTEN)
                                OPTION(name, STRING, "/no/file", "", "", "No file.")
                                    OPTION(papers, STRINGS, "", "", "", "Read.", READ)
                                        OPTION(parcels, STRINGS, "", "", "", "Sent.", TARGET)
};
#undef OPTION

static const char *const doors[] = { "dns://127.0.0.1" };
static const struct section shop = {
    .name = "shop",
    SECTION_OPTIONS(shop_options),
    SECTION_INITIAL(doors),
    .size = sizeof(struct shop),
    .is_list = true,
};
static const struct section root = { .name = "" };
static const struct section *const sections[] = { &root, &shop, &sandbox_section };

static struct config *load(const char *text)
{
    const struct config_source source = { .file = "f", .bytes = slice_of(text, strlen(text)) };
    struct config *config = NULL;
    struct problems problems;

    CHECK_EQUAL(config_load(&source, sections, 3, &config, &problems), OK);
    return config;
}

static const struct need *find(const struct needs *needs, const char *name, size_t nth)
{
    char text[NEED_NAME_MAX];

    for (size_t i = 0; i < needs->count; i++)
        if (strcmp(need_name(&needs->list[i], text), name) == 0 && nth-- == 0)
            return &needs->list[i];
    fail_msg("nothing is needed for %s", name);
    return NULL;
}

static const char full[] =
    "shop:\n"
    "- door: tls://127.0.0.1:8853\n"
    "  supplier: tls://192.0.2.1\n"
    "  book: /b/book\n"
    "  till: /t/till\n"
    "  ca: /c/ca.pem\n"
    "  papers: [/p/one, /p/two]\n"
    "- door: udp://127.0.0.1:5353\n"
    "  bells: [127.0.0.1:9153, \"[::1]:9154\", tcp://127.0.0.1, nonsense, a:b]\n";

TEST(needs_files, "each option that names a file asks for what its kind takes")
{
    struct config *config = load(full);
    struct needs needs = { 0 };

    CHECK_EQUAL(needs_collect(&needs, config, "/etc/it.yaml"), OK);
    CHECK_TEXT(find(&needs, "the configuration", 0)->path, "/etc/it.yaml");
    CHECK_TEXT(find(&needs, "shop.0.book", 0)->path, "/b/book");
    CHECK_EQUAL(need_rights(find(&needs, "shop.0.book", 0)), GRANT_WRITE);
    CHECK_EQUAL(need_rights(find(&needs, "shop.0.till", 0)), GRANT_WRITE);
    CHECK_EQUAL(need_rights(find(&needs, "shop.1.bell", 0)), GRANT_SOCKET);
    CHECK_EQUAL(need_rights(find(&needs, "shop.0.ca", 0)), GRANT_READ);
    CHECK_TEXT(find(&needs, "shop.0.papers", 1)->path, "/p/two");
    for (size_t i = 0; i < needs.count; i++) {
        CHECK(!needs.list[i].path || strcmp(needs.list[i].path, "/no/file") != 0);
        CHECK(!needs.list[i].path || strcmp(needs.list[i].path, "system") != 0);
    }
    needs_done(&needs);
    config_unref(&config);
}

TEST(needs_ports, "a URL asks for its port, and UDP doors are no business of TCP")
{
    struct config *config = load(full);
    struct needs needs = { 0 };

    CHECK_EQUAL(needs_collect(&needs, config, NULL), OK);
    CHECK_EQUAL(find(&needs, "shop.0.door", 0)->port, 8853);
    CHECK(find(&needs, "shop.0.door", 0)->is_tcp);
    CHECK_EQUAL(find(&needs, "shop.0.supplier", 0)->port, 853);
    CHECK_EQUAL(find(&needs, "shop.1.door", 0)->port, 5353);
    CHECK(!find(&needs, "shop.1.door", 0)->is_tcp);
    CHECK_EQUAL(find(&needs, "shop.1.bells", 0)->port, 9153);
    CHECK_EQUAL(find(&needs, "shop.1.bells", 1)->port, 9154);
    CHECK_EQUAL(find(&needs, "shop.1.bells", 2)->port, 53);
    CHECK(find(&needs, "shop.1.supplier", 0)->is_tcp); /* an answer may be truncated */
    needs_done(&needs);
    config_unref(&config);
}

TEST(needs_targets, "where something is written to asks for a file, for a TCP port, or for nothing")
{
    struct config *config =
        load("shop:\n- door: udp://127.0.0.1\n"
             "  parcels: [file:/l/log, tls://192.0.2.1:6514#a.b, tcp://192.0.2.1:601,"
             " udp://192.0.2.1:514, unix:/run/x, stdout, nonsense]\n");
    struct needs needs = { 0 };
    size_t count = 0;

    CHECK_EQUAL(needs_collect(&needs, config, NULL), OK);
    CHECK_TEXT(find(&needs, "shop.0.parcels", 0)->path, "/l/log");
    CHECK_EQUAL(need_rights(find(&needs, "shop.0.parcels", 0)), GRANT_WRITE);
    CHECK_EQUAL(find(&needs, "shop.0.parcels", 1)->port, 6514);
    CHECK_EQUAL(find(&needs, "shop.0.parcels", 2)->port, 601);
    CHECK(find(&needs, "shop.0.parcels", 2)->is_tcp);
    CHECK_EQUAL(find(&needs, "shop.0.parcels", 2)->kind, NEED_CONNECT);
    for (size_t i = 0; i < needs.count; i++) {
        count += strcmp(needs.list[i].row->name, "parcels") == 0;
        CHECK(strcmp(needs.list[i].row->name, "parcels") != 0 || need_changes(&needs.list[i]));
    }
    CHECK_EQUAL(count, 3);
    needs_done(&needs);
    config_unref(&config);
}

TEST(needs_usual, "the ports that a scheme has by itself come from the rows")
{
    struct config *config = load("");
    struct ports listen = { 0 }, connect = { 0 };
    char text[PORTS_TEXT_MAX];

    CHECK_EQUAL(needs_usual_ports(config, &listen, &connect), OK);
    CHECK_TEXT(ports_format(&listen, text), "53,853");
    CHECK_TEXT(ports_format(&connect, text), "53,853");
    config_unref(&config);
}

TEST(needs_of_sandbox, "what the sandbox's own section names is opened, and no reload asks for it")
{
    struct config *config = load("sandbox:\n  connect: [99]\n  write: [/w]\n");
    struct needs needs = { 0 };

    CHECK_EQUAL(needs_collect(&needs, config, NULL), OK);
    CHECK_EQUAL(find(&needs, "sandbox.connect", 0)->port, 99);
    CHECK(!need_changes(find(&needs, "sandbox.connect", 0)));
    CHECK_EQUAL(need_rights(find(&needs, "sandbox.write", 0)), GRANT_WRITE);
    CHECK(need_changes(find(&needs, "shop.0.door", 0)));
    CHECK(!need_changes(find(&needs, "shop.0.bell", 0)));
    needs_done(&needs);
    config_unref(&config);
}
