# The playground with its engine in one image.
#
#   docker build -t ode-net-playground --build-arg TORCH_INDEX=ADDRESS .      for the processor
#   docker build -t ode-net-playground --build-arg VARIANT=cuda .             for NVIDIA's GPUs
#
# ADDRESS is the package index of CPU builds that PyTorch's installation page names. Without it the image
# works, too, but carries gigabytes of GPU libraries that it does not use.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS packages
ARG VARIANT=cpu
ARG TORCH_INDEX=
RUN case "$VARIANT" in cpu|cuda) ;; *) echo "VARIANT is '$VARIANT'; it must be cpu or cuda" >&2; exit 1 ;; esac
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc g++ \
    && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt /tmp/
# torch comes first, from its own index where one is given; the rest then finds it installed.
RUN pip install --quiet ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' /tmp/requirements.txt)" \
    && pip install --quiet -r /tmp/requirements.txt

FROM python:${PYTHON}-slim
ARG VARIANT=cpu
LABEL org.opencontainers.image.title="ODE-net playground" org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="0.1.0" playground.variant="$VARIANT"
# What the container toolkit of NVIDIA reads; without its runtime these mean nothing.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/opt/cache \
    PLAYGROUND_HOME=/data \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 STREAMLIT_SERVER_PORT=8501 STREAMLIT_SERVER_HEADLESS=true
# Number 1000, as hosts of containers expect it; the program runs as nobody else.
RUN useradd --uid 1000 --create-home playground && install -d -o playground /data /opt/cache /app
COPY --from=packages /opt/venv /opt/venv
COPY --chown=playground . /app
WORKDIR /app
USER playground
# Machine code for the processor that builds; on another kind it is compiled once, in the background.
RUN python -m playground.fused
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=12s --start-period=90s --retries=3 \
    CMD ["python", "-m", "playground", "health"]
# Runs hand their slots back on this signal, with their checkpoints written.
STOPSIGNAL SIGTERM
CMD ["python", "-m", "playground", "app"]
