# syntax=docker/dockerfile:1
# docker build -t capirepo . && docker run -p 8080:8080 -v "$PWD/sample-repo:/repo:ro" capirepo
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY capirepo capirepo
RUN python -m venv /opt/capirepo && /opt/capirepo/bin/pip install --no-cache-dir .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="capirepo" \
      org.opencontainers.image.description="Serves Cluster API provider releases to clusterctl" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 65532 --no-create-home capirepo \
    && install -d -o capirepo -g capirepo /state /repo
COPY --from=build /opt/capirepo /opt/capirepo
ENV PATH=/opt/capirepo/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CAPIREPO_STATE=/state
USER 65532:65532
VOLUME ["/state"]
EXPOSE 8080 8443
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD \
    ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["capirepo"]
CMD ["serve", "/repo", "--listen", "0.0.0.0:8080", "--tls-listen", "0.0.0.0:8443"]
