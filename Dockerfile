# Two stages: the first builds the wheel and installs it into a virtual environment, the second runs it.
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY config config
RUN python -m venv /opt/loa \
 && /opt/loa/bin/pip install --no-cache-dir --constraint config/constraints.txt '.[postgres]'

FROM python:3.12-slim
# reads scanned files; set LOA_OCR__COMMAND="" to do without
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends tesseract-ocr tesseract-ocr-vie \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin loa \
 && install --directory --owner=loa --group=loa /data /files
COPY --from=build /opt/loa /opt/loa
ENV PATH=/opt/loa/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LOA_SERVER__HOST=0.0.0.0 \
    LOA_SERVER__PORT=8080 \
    LOA_DATABASE__URL=sqlite:////data/loa.db
USER loa
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["loa"]
CMD ["serve"]
