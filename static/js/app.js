/* Small behaviour, all of it optional: every page works without this file. Attributes: docs/ui.md. */
(function () {
  "use strict";
  var doc = document, root = doc.documentElement, user = (doc.body && doc.body.dataset.user) || "";
  root.classList.add("js");
  function all(selector, within) { return Array.prototype.slice.call((within || doc).querySelectorAll(selector)); }
  function on(type, handler, options) { doc.addEventListener(type, handler, options); }
  function say(words) { var place = doc.getElementById("announce"); if (place) { place.textContent = words; } }
  function clock() { var now = new Date(); return ("0" + now.getHours()).slice(-2) + ":" + ("0" + now.getMinutes()).slice(-2); }
  function keep(key, value) { try { value === null ? localStorage.removeItem(key) : localStorage.setItem(key, value); } catch (e) { return false; } return true; }
  function kept(key) { try { return localStorage.getItem(key); } catch (e) { return null; } }
  function token() {
    var field = doc.querySelector("input[name=csrfmiddlewaretoken]");
    if (field) { return field.value; }
    try { return JSON.parse(doc.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] || ""; } catch (e) { return ""; }
  }
  function typing(target) { return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio|button|submit)$/.test(target.type) || target.isContentEditable; }

  /* toast: for acts that can be undone, gone after 8 s unless somebody is in it */
  function toast(element) {
    var place = doc.getElementById("toasts"), timer;
    if (!place) { return; }
    place.textContent = ""; place.appendChild(element);
    function go() { timer = setTimeout(function () { element.remove(); }, 8000); }
    function stay() { clearTimeout(timer); }
    element.addEventListener("mouseenter", stay); element.addEventListener("focusin", stay);
    element.addEventListener("mouseleave", go); element.addEventListener("focusout", go); go();
  }
  function tell(words) { var box = doc.createElement("div"); box.className = "toast"; box.setAttribute("role", "status"); box.textContent = words; toast(box); }

  /* 大字版: at once here, by cookie on every later page */
  on("click", function (event) {
    var link = event.target.closest("[data-large-text]");
    if (!link) { return; }
    event.preventDefault();
    var large = root.dataset.text !== "large";
    if (large) { root.dataset.text = "large"; } else { delete root.dataset.text; }
    doc.cookie = "large=" + (large ? "1; max-age=31536000" : "; max-age=0") + "; path=/; SameSite=Lax" + (location.protocol === "https:" ? "; Secure" : "");
    say(large ? "已换成大字版" : "已换回普通字号");
  });

  /* clicks: print, copy */
  on("click", function (event) {
    if (event.target.closest("[data-print]")) { window.print(); }
    var copy = event.target.closest("[data-copy]");
    if (copy) {
      var text = copy.dataset.copy, done = function () { tell("已复制"); };
      if (navigator.clipboard) { navigator.clipboard.writeText(text).then(done, function () { tell("没能复制，请长按文字复制"); }); }
      else { tell("没能复制，请长按文字复制"); }
    }
  });
  on("change", function (event) {
    var field = event.target;
    if (field.matches("[data-submit]")) { field.form.requestSubmit ? field.form.requestSubmit() : field.form.submit(); }
    if (field.matches("[data-tick-all]")) { all("[data-tick]", field.form || doc).forEach(function (box) { box.checked = field.checked; }); }
    if (field.matches("[data-tick-all],[data-tick]")) { bulk(field.form || doc); }
  });
  function bulk(form) {
    var bar = form.querySelector("[data-bulk]"), count = all("[data-tick]:checked", form).length;
    if (!bar) { return; }
    bar.hidden = !count;
    var words = bar.querySelector("[data-bulk-count]");
    if (words) { words.textContent = "已勾选 " + count + " 家"; }
  }

  /* forms: leave-guard and one press only */
  var dirty = new Set();
  on("input", function (event) { var form = event.target.form; if (form && form.matches("[data-guard]")) { dirty.add(form); } });
  window.addEventListener("beforeunload", function (event) { if (dirty.size) { event.preventDefault(); event.returnValue = ""; } });
  on("submit", function (event) {
    var form = event.target, button = event.submitter;
    dirty.delete(form);
    if (/logout/.test(form.action)) { forget(""); }
    if (form.dataset.forget) { forget(user + ":" + form.dataset.forget); }
    if (form.matches("[data-once]") && button) {
      setTimeout(function () {
        if (event.defaultPrevented) { return; }
        button.setAttribute("data-was", button.textContent);
        button.disabled = true; button.textContent = form.dataset.once || "正在保存…";
      }, 0);
    }
  });
  window.addEventListener("pageshow", function () {
    all("button[data-was]").forEach(function (button) { button.disabled = false; button.textContent = button.getAttribute("data-was"); button.removeAttribute("data-was"); });
  });
  function forget(whose) { try { Object.keys(localStorage).forEach(function (key) { if (key.indexOf("draft:" + whose) === 0) { localStorage.removeItem(key); } }); } catch (e) { /* private mode */ } }

  /* autosave: the server's copy is the truth, the device keeps what it could not send */
  function autosave(form) {
    if (form.autosaving) { return; }
    form.autosaving = true;
    var key = "draft:" + user + ":" + (form.dataset.draft || form.id || location.pathname), changed = false, busy = false, gone = false;
    function state(words, off) {
      var named = form.dataset.autosaveState && doc.getElementById(form.dataset.autosaveState);
      all("[data-saved]").concat(named || []).forEach(function (place) {
        place.classList.toggle("off", !!off);
        var text = place.querySelector("[data-saved-text]") || place;
        text.textContent = words; place.hidden = false;
      });
    }
    function fields() {
      return Array.from(new FormData(form).entries()).filter(function (pair) {
        var field = form.elements[pair[0]];
        return typeof pair[1] === "string" && pair[0] !== "csrfmiddlewaretoken" && !(field && field.type === "password") && !(field && field.dataset && "private" in field.dataset);
      });
    }
    function typed() { return fields().filter(function (pair) { var field = form.elements[pair[0]]; return !(field && field.type === "hidden"); }); }
    function store() { keep(key, JSON.stringify({ at: clock(), fields: typed() })); }
    /* what the server has now is what these boxes held: an old page must not put it back later */
    function received(sent, problems) {
      var held = {};
      sent.forEach(function (pair) { held[pair[0]] = pair[1]; });
      all("input[name$='-was']", form).forEach(function (was) {
        var name = was.name.slice(0, -4);
        if (!(name.split("-")[0] in problems)) { was.value = held[name] || ""; }
      });
    }
    function complain(problems) {
      all("[data-problem]", form).forEach(function (place) { place.remove(); });
      Object.keys(problems).forEach(function (code) {
        var place = doc.getElementById("q-" + code), words = doc.createElement("p"), before = place && place.querySelector(".seg,.q-num,.q-pair");
        if (!place) { return; }
        words.className = "errmsg"; words.setAttribute("data-problem", code); words.textContent = problems[code];
        place.insertBefore(words, before && before.parentNode === place ? before : null);
      });
    }
    function send() {
      if (!changed || busy || gone) { return; }
      busy = true; changed = false;
      var body = new FormData(), sent = fields();
      body.append("csrfmiddlewaretoken", token());
      body.append("autosave", "1");
      sent.forEach(function (pair) { if (pair[0] !== "autosave") { body.append(pair[0], pair[1]); } });
      fetch(form.dataset.autosave, { method: "POST", body: body, credentials: "same-origin", redirect: "manual", headers: { "X-CSRFToken": token(), "X-Autosave": "1" } }).then(function (answer) {
        if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) { gone = true; store(); state("登录已过期，重新登录后回到这一页，已填内容还在", true); return null; }
        if (answer.status === 409) { store(); gone = true; return answer.json().then(function (data) { state(data.refusal || "这一页已在别处改过，请刷新后再填", true); return null; }); }
        if (!answer.ok) { throw new Error(String(answer.status)); }
        return answer.json ? answer.json().catch(function () { return {}; }) : {};
      }).then(function (data) {
        if (data) {
          var problems = data.problems || {}, count = Object.keys(problems).length;
          received(sent, problems); complain(problems);
          if (!changed && !count) { keep(key, null); }
          state(count ? "有 " + count + " 处没有保存，请看红字" : (data.saved_at || clock()) + " 已自动保存", count > 0);
        }
      }).catch(function () { changed = true; store(); state("没有网络，内容已存在本机，连上后自动保存", true); }).then(function () { busy = false; });
    }
    function touched(event) { if (event.target.type !== "file") { changed = true; store(); } }
    form.addEventListener("input", touched);
    form.addEventListener("change", function (event) { touched(event); send(); });
    form.addEventListener("focusout", send);
    setInterval(send, 15000);
    window.addEventListener("online", send);
    on("visibilitychange", function () { if (doc.visibilityState === "hidden") { send(); } });
    form.addEventListener("submit", function (event) {
      if (navigator.onLine !== false) { gone = true; store(); return; }
      event.preventDefault(); store(); state("没有网络，内容已存在本机，连上后再点一次", true); say("没有网络，内容已存在本机");
    });
    /* kept until a page from the server shows the same: only then it has arrived */
    var copy = kept(key);
    if (copy && JSON.stringify(JSON.parse(copy).fields) === JSON.stringify(typed())) { keep(key, null); }
    else if (copy) { offer(form, key, JSON.parse(copy), function () { changed = true; send(); }); }
  }
  function offer(form, key, copy, after) {
    var box = doc.createElement("div"), words = doc.createElement("div"), yes = doc.createElement("button"), no = doc.createElement("button");
    box.className = "note warn"; box.setAttribute("role", "status");
    words.className = "grow"; words.textContent = "本机有一份 " + copy.at + " 的草稿，还没有存到协会";
    yes.type = no.type = "button"; yes.className = "btn btn-s"; no.className = "btn btn-s btn-q"; yes.textContent = "用这份"; no.textContent = "不用";
    box.appendChild(words); box.appendChild(yes); box.appendChild(no); form.insertBefore(box, form.firstChild);
    no.addEventListener("click", function () { keep(key, null); box.remove(); });
    yes.addEventListener("click", function () {
      var names = {};
      copy.fields.forEach(function (pair) { (names[pair[0]] = names[pair[0]] || []).push(pair[1]); });
      Array.from(form.elements).forEach(function (field) {
        var values = names[field.name];
        if (!field.name || field.type === "file" || field.type === "hidden" || field.type === "submit") { return; }
        if (field.type === "checkbox" || field.type === "radio") { field.checked = !!values && values.indexOf(field.value) >= 0; }
        else if (values) { field.value = values.shift(); }
      });
      box.remove(); after();
    });
  }

  /* photos: made small here, sent with progress, kept over a reload until the server has them */
  function shrink(file) {
    return new Promise(function (resolve) {
      if (!/^image\//.test(file.type) || file.type === "image/gif" || file.size < 400000) { resolve(file); return; }
      var url = URL.createObjectURL(file), picture = new Image();
      picture.onerror = function () { URL.revokeObjectURL(url); resolve(file); };
      picture.onload = function () {
        try {
          var scale = Math.min(1, 1600 / Math.max(picture.naturalWidth, picture.naturalHeight)), canvas = doc.createElement("canvas");
          canvas.width = Math.round(picture.naturalWidth * scale); canvas.height = Math.round(picture.naturalHeight * scale);
          canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
          canvas.toBlob(function (blob) { URL.revokeObjectURL(url); resolve(blob && blob.size < file.size ? blob : file); }, "image/jpeg", 0.8);
        } catch (e) { resolve(file); }
      };
      picture.src = url;
    });
  }
  function shelf(mode, work) {
    return new Promise(function (resolve) {
      if (!window.indexedDB) { resolve(null); return; }
      var open = indexedDB.open("portal-photos", 1);
      open.onupgradeneeded = function () { open.result.createObjectStore("waiting", { keyPath: "id" }); };
      open.onerror = function () { resolve(null); };
      open.onsuccess = function () {
        try {
          var asked = work(open.result.transaction("waiting", mode).objectStore("waiting"));
          asked.onsuccess = function () { resolve(asked.result); open.result.close(); };
          asked.onerror = function () { resolve(null); };
        } catch (e) { resolve(null); }
      };
    });
  }
  function hidden(label) {
    if (label.dataset.photoItem) { return [["item", label.dataset.photoItem]]; }
    var form = label.closest("form");
    return all("input[type=hidden]", form || label).filter(function (field) { return field.name !== "csrfmiddlewaretoken"; }).map(function (field) { return [field.name, field.value]; });
  }
  function place(label) { return label.closest(".evs form") || label; }
  function tile(label, row) {
    var figure = doc.createElement("figure"), picture = doc.createElement("img"), words = doc.createElement("figcaption");
    figure.className = "ev busy"; words.className = "st"; words.textContent = "待上传"; picture.alt = row.name; picture.src = URL.createObjectURL(row.blob);
    figure.appendChild(picture); figure.appendChild(words); place(label).parentNode.insertBefore(figure, place(label));
    return figure;
  }
  function upload(label, row, figure) {
    var words = figure.querySelector(".st"), ask = new XMLHttpRequest(), body = new FormData();
    figure.className = "ev busy"; words.textContent = "上传中 0%";
    body.append("csrfmiddlewaretoken", token());
    row.extra.forEach(function (pair) { body.append(pair[0], pair[1]); });
    body.append(row.field, row.blob, row.name);
    ask.open("POST", row.url); ask.setRequestHeader("X-CSRFToken", token()); ask.setRequestHeader("X-Autosave", "1");
    ask.upload.onprogress = function (event) { if (event.lengthComputable) { words.textContent = "上传中 " + Math.round(event.loaded / event.total * 100) + "%"; } };
    function failed(text, retry) {
      figure.className = "ev fail"; words.textContent = retry ? text : "没有传上"; say(text);
      var card = label.closest(".field"), place = card && card.querySelector(".evs");
      if (!retry && place) { var note = doc.createElement("p"); note.className = "errmsg"; note.textContent = text; place.parentNode.insertBefore(note, place); figure.addEventListener("click", function () { note.remove(); }); }
      else if (!retry) { words.textContent = text; }
      figure.onclick = retry ? function () { figure.onclick = null; upload(label, row, figure); } : function () { figure.remove(); };
      figure.classList.toggle("again", retry);
      if (!retry) { shelf("readwrite", function (store) { return store.delete(row.id); }); }
    }
    ask.onerror = function () { failed("失败，点此重传", true); };
    ask.onload = function () {
      var said = {};
      try { said = JSON.parse(ask.responseText); } catch (e) { /* a page, not an answer */ }
      if (ask.status >= 200 && ask.status < 300 && !/\/login\//.test(ask.responseURL || "")) {
        shelf("readwrite", function (store) { return store.delete(row.id); });
        figure.className = "ev"; words.textContent = "已上传";
        if (said.url) { var link = doc.createElement("a"); link.href = said.url; figure.insertBefore(link, words); link.appendChild(figure.querySelector("img")); }
        say("照片已上传");
      } else if (ask.status === 422 || ask.status === 400 || ask.status === 413) { failed(said.error || "这张传不了，请换一张照片", false); }
      else { failed("失败，点此重传", true); }
    };
    ask.send(body);
  }
  on("change", function (event) {
    var label = event.target.closest && event.target.closest("[data-photo]"), file = event.target.files && event.target.files[0];
    if (!label || !file) { return; }
    var field = event.target;
    shrink(file).then(function (blob) {
      var name = blob === file ? file.name : file.name.replace(/\.\w+$/, "") + ".jpg";
      var row = { id: Date.now() + "-" + Math.random(), url: label.dataset.photo, field: label.dataset.photoName || field.name, name: name, blob: blob, user: user, extra: hidden(label) };
      field.value = "";
      var figure = tile(label, row);
      shelf("readwrite", function (store) { return store.put(row); }).then(function () { upload(label, row, figure); });
    });
  });
  window.addEventListener("online", function () { all(".ev.again").forEach(function (figure) { figure.click(); }); });
  function resume() {
    var labels = all("[data-photo]");
    if (!labels.length) { return; }
    shelf("readonly", function (store) { return store.getAll(); }).then(function (rows) {
      (rows || []).forEach(function (row) {
        labels.forEach(function (label) { if (row.user === user && row.url === label.dataset.photo && JSON.stringify(row.extra) === JSON.stringify(hidden(label))) { upload(label, row, tile(label, row)); } });
      });
    });
  }

  /* the row whose case is open stays marked */
  on("click", function (event) {
    var row = event.target.closest("[data-row]"), line = row && row.closest("tr,li");
    if (!line || event.ctrlKey || event.metaKey) { return; }
    all("[data-list] .is-open").forEach(function (other) { other.classList.remove("is-open"); other.removeAttribute("aria-selected"); });
    line.classList.add("is-open"); line.setAttribute("aria-selected", "true");
  });

  /* keys: "/" everywhere; J K A R Esc only while the focus is in the list, and they can be switched off */
  on("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
    if (event.key === "/") { var search = doc.querySelector("[data-key-search]"); if (search) { event.preventDefault(); search.focus(); search.select(); } return; }
    var list = event.target.closest("[data-list]");
    if (!list || kept("keys-off") === "1") { return; }
    var rows = all("[data-row]", list), place = rows.findIndex(function (row) { return row === event.target || row.closest("tr,li") === event.target.closest("tr,li"); }), key = event.key.toLowerCase();
    if (key === "j" || key === "k") {
      var next = rows[place < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, place + (key === "j" ? 1 : -1)))];
      if (next) { event.preventDefault(); next.focus(); next.click(); }
    } else if (key === "a" || key === "r") {
      var act = doc.querySelector("[data-key-act=" + key + "]"), need = act && act.dataset.needs && doc.querySelector(act.dataset.needs);
      var other = act && act.dataset.needsOr && all(act.dataset.needsOr).some(function (box) { return box.value.trim(); });
      if (act) { event.preventDefault(); if (need && !need.value.trim() && !other) { need.focus(); } else { act.click(); } }
    } else if (key === "escape") { var close = doc.querySelector("[data-key-close]"); if (close) { close.click(); } }
  });
  on("click", function (event) {
    var toggle = event.target.closest("[data-keys-off]");
    if (toggle) { var off = kept("keys-off") !== "1"; keep("keys-off", off ? "1" : null); toggle.setAttribute("aria-pressed", String(off)); tell(off ? "快捷键已关" : "快捷键已开"); }
  });

  /* long jobs: ask again after 2 s, then slower, at most every 10 s */
  function poll(element, wait) {
    if (element.polling) { return; }
    element.polling = true;
    setTimeout(function () {
      fetch(element.dataset.poll, { credentials: "same-origin", headers: { "HX-Request": "true" } }).then(function (answer) { if (!answer.ok || answer.redirected) { throw new Error("away"); } return answer.text(); }).then(function (html) {
        if (!element.isConnected) { return; }
        var fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
        if (!fresh) { return; }
        if ("reload" in fresh.dataset) { location.reload(); return; }
        element.replaceWith(fresh);
        var again = fresh.matches("[data-poll]") ? fresh : fresh.querySelector("[data-poll]");
        if (again) { poll(again, Math.min(wait * 1.5, 10000)); } else { say(fresh.textContent.trim().slice(0, 80)); }
      }).catch(function () { element.polling = false; poll(element, 10000); });
    }, wait);
  }

  function wake(within) {
    all("[data-focus]", within).slice(0, 1).forEach(function (element) { element.focus(); });
    all("form[data-autosave]", within).forEach(autosave);
    all("[data-poll]", within).forEach(function (element) { poll(element, 2000); });
    all("[data-toast]", within).forEach(toast);
    all("[data-bulk]", within).forEach(function (bar) { bulk(bar.closest("form") || doc); });
    all(".scroll", within).forEach(function (box) { if (!box.hasAttribute("tabindex") && (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight)) { box.tabIndex = 0; } });
    all("[data-print],[data-copy]", within).forEach(function (element) { element.hidden = false; });
  }
  on("DOMContentLoaded", function () { wake(doc); resume(); });
  on("htmx:afterSwap", function (event) { wake(event.target); });
  on("htmx:sendError", function () { tell("没有网络，连上后再试一次"); });
  on("htmx:responseError", function (event) { var status = event.detail.xhr.status; if (status === 401 || status === 403) { tell("登录已过期或没有权限，请刷新页面"); } else { tell("没有办成，请再试一次"); } });
})();
