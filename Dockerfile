# docker build -t dotproxy .
# docker run -d -p 53:53/udp -p 53:53/tcp dotproxy
FROM docker.io/library/debian:bookworm-slim AS build
COPY scripts/setup.sh /usr/local/bin/
RUN setup.sh build && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY meson.build meson_options.txt ./
COPY src src
RUN meson setup build -Dtests=false && ninja -C build && strip build/dotproxy

FROM docker.io/library/debian:bookworm-slim
COPY scripts/setup.sh /usr/local/bin/
RUN setup.sh runtime && rm -rf /var/lib/apt/lists/* /usr/local/bin/setup.sh
COPY --from=build /src/build/dotproxy /usr/bin/dotproxy
# Port 53 without root: the right goes with the file, not with the user.
RUN setcap cap_net_bind_service=+ep /usr/bin/dotproxy && useradd --system --no-create-home --uid 953 dotproxy \
    && install -d -o dotproxy -m 700 /run/dotproxy
USER 953
EXPOSE 53/udp 53/tcp
HEALTHCHECK --interval=30s --timeout=6s --start-period=5s CMD ["dotproxy", "healthcheck"]
ENTRYPOINT ["dotproxy"]
CMD ["run", "--listen", "dns://0.0.0.0:53", "--listen", "dns://[::]:53"]
