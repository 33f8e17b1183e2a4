/** German. */

/** @import { Strings } from '../words.js' */

/** @type {Strings} */
export const strings = {
  region: 'Dateien hochladen',
  drop: 'Dateien oder Ordner hier ablegen',
  dropFiles: 'Dateien hier ablegen',
  dropNow: 'Zum Hochladen loslassen',
  chooseFiles: 'Dateien wählen',
  chooseFolder: 'Ordner wählen',
  hint: 'So viele und so große, wie Sie möchten. Auch Einfügen aus der Zwischenablage geht.',
  limitSize: 'Je höchstens {size}',
  limitMin: 'je mindestens {size}',
  limitCount: { one: 'höchstens {count} Datei', other: 'höchstens {count} Dateien' },
  limitTypes: 'Nur {types}',
  kindImages: 'Bilder',
  kindVideos: 'Videos',
  kindAudio: 'Audio',
  kindText: 'Text',
  reading: 'Der Ordner wird gelesen …',
  nothingFound: 'In der Auswahl sind keine Dateien.',
  someUnreadable: {
    one: '{count} Eintrag ließ sich nicht lesen und wurde ausgelassen: {names}',
    other: '{count} Einträge ließen sich nicht lesen und wurden ausgelassen: {names}',
  },
  offline: 'Kein Netz. Sobald es wieder da ist, geht es von selbst weiter.',

  tokenTitle: 'Ein Upload-Token wird gebraucht',
  tokenHint: 'Es bleibt nur in dieser Seite, bis Sie sie schließen oder neu laden.',
  tokenRefused:
    'Dieses Token wurde nicht angenommen: Es ist falsch oder abgelaufen. Versuchen Sie ein anderes.',
  tokenLabel: 'Upload-Token',
  tokenUse: 'Token verwenden',

  files: 'Dateien',
  total: 'Alle Dateien',
  completeOf: '{done} von {count} fertig',
  sentOf: '{sent} von {total}',
  left: 'noch {time}',
  fewSeconds: 'noch ein paar Sekunden',
  moreThanADay: 'noch mehr als ein Tag',
  sizeUnknown: 'Größe noch unbekannt',
  failedCount: { one: '{count} gescheitert', other: '{count} gescheitert' },
  pauseAll: 'Alle anhalten',
  resumeAll: 'Alle fortsetzen',
  cancelAll: 'Alle abbrechen',
  clearDone: 'Fertige entfernen',
  showMore: { one: '{count} weitere zeigen', other: '{count} weitere zeigen' },

  waiting: 'Wartet',
  preparing: 'Wird vorbereitet',
  uploading: 'Wird hochgeladen',
  paused: 'Pause',
  finishing: 'Wird abgeschlossen',
  completed: 'Fertig',
  failed: 'Gescheitert',
  cancelling: 'Wird abgebrochen',
  cancelled: 'Abgebrochen',
  tryingAgain: 'Neuer Versuch',
  pause: 'Anhalten',
  resume: 'Fortsetzen',
  retry: 'Noch einmal',
  anew: 'Verwerfen und neu senden',
  download: 'Herunterladen',
  cancel: 'Abbrechen',
  clear: 'Entfernen',
  actionOn: '{name}: {action}',
  progressOf: 'Fortschritt von {name}',
  partsDone: { one: '{done} von {count} Teil gespeichert', other: '{done} von {count} Teilen gespeichert' },
  partsFlying: { one: '{count} unterwegs', other: '{count} unterwegs' },
  pathDirect: 'direkt in den Speicher',
  pathRelay: 'über den Dienst, weil der direkte Weg zum Speicher hier gesperrt ist: Das ist langsamer',
  elsewhere: 'Ein anderer Tab sendet diese Datei; dieser folgt ihm und übernimmt, wenn jener geschlossen wird.',
  elsewhereWaiting: 'Ein anderer Tab sendet sie gerade.',

  unfinished: 'Nicht beendete Uploads',
  stored: '{size} gespeichert',
  expires: 'verfällt {when}',
  expiresNow: 'verfällt jeden Moment',
  goOn: 'Weiter',
  goOnHint: 'Dieser Browser kennt die Datei noch: Ein Klick genügt.',
  chooseAgain: 'Datei wählen',
  chooseAgainHint: 'Wählen Sie {name} noch einmal, dann geht es weiter.',
  unmatched:
    'Dieser Upload lässt sich keiner Datei zuordnen. Wenn er nicht dort weitergeht, wo er begonnen wurde, ' +
    'verwerfen Sie ihn hier und beginnen Sie von vorn.',
  discard: 'Verwerfen',
  unlisted: 'Die nicht beendeten Uploads lassen sich nicht zeigen. {reason}',

  keep: 'Behalten',
  cancelTitle: '{name} abbrechen?',
  cancelText:
    'Die bisher gesendeten {size} werden gelöscht. Ein angehaltener Upload kann später weitergehen, ein abgebrochener nicht.',
  cancelDo: 'Upload abbrechen',
  cancelAllTitle: { one: '{count} Upload abbrechen?', other: '{count} Uploads abbrechen?' },
  discardTitle: '{name} verwerfen?',
  discardText: 'Die bisher gespeicherten {size} werden gelöscht.',
  anewText:
    'Die bisher gespeicherten {size} werden gelöscht, und die Datei wird so gesendet, wie sie jetzt ist.',

  newsAt: '{name}: {percent}',
  newsOf: '{name}: {news}',
  newsPaused: '{name}: angehalten',
  newsCompleted: '{name}: fertig hochgeladen',
  newsFailed: '{name}: gescheitert. {reason}',
  newsCancelled: '{name}: abgebrochen',
  newsTotal: '{done} von {count} fertig, {percent}',
  newsAll: { one: 'Der Upload ist fertig', other: 'Alle {count} Uploads sind fertig' },
  newsAdded: { one: '{count} Datei hinzugefügt', other: '{count} Dateien hinzugefügt' },

  fileUnreadable:
    'Diese Datei lässt sich nicht lesen. Falls sie anderswo offen ist, schließen Sie sie und versuchen Sie es noch einmal.',
  fileChanged:
    'Die Datei wurde während des Uploads geändert; die Teile würden nicht zusammenpassen. ' +
    'Brechen Sie diesen Upload ab und fügen Sie die Datei neu hinzu.',
  fileChangedBefore:
    'Die Datei wurde geändert, seit der Upload von „{name}“ begann ({when}); was gespeichert ist, passt nicht ' +
    'zum Rest. Um die Datei zu senden, wie sie jetzt ist, verwerfen Sie zuerst den nicht beendeten Upload.',
  otherFile:
    'Das ist nicht die Datei, mit der dieser Upload begann: Es ist eine andere, oder sie wurde seither geändert. ' +
    'Wählen Sie die ursprüngliche Datei, oder verwerfen Sie den Upload und beginnen Sie neu.',
  noFingerprint:
    'Diese Seite wurde nicht über https geöffnet, daher kann der Browser nicht erkennen, ob es dieselbe Datei ist. ' +
    'Öffnen Sie sie über https, um einen Upload fortzusetzen.',
  noPermission:
    'Der Browser durfte die Datei nicht lesen. Erlauben Sie es, oder wählen Sie die Datei noch einmal.',
  fileMissing: 'Die Datei wurde inzwischen verschoben oder gelöscht. Wählen Sie sie dort, wo sie jetzt ist.',
  localFailure: 'Der Upload wurde angehalten: {detail}',
  alreadyHere: 'Diese Datei steht schon in der Liste.',
  tooLarge: 'Diese Datei ist größer als die erlaubten {limit}. Wählen Sie eine kleinere.',
  tooSmall: 'Diese Datei ist kleiner als die verlangten {limit}. Wählen Sie eine andere.',
  wrongType: 'Dateien dieser Art werden hier nicht angenommen. Erlaubt: {types}.',
  tooMany: {
    one: 'Hier kann höchstens {count} Datei gesendet werden. Entfernen Sie zuerst eine andere.',
    other: 'Hier können höchstens {count} Dateien gesendet werden. Entfernen Sie zuerst eine andere.',
  },
  streamBroken:
    'Was gesendet werden sollte, brach vor dem Ende ab: Die Aufnahme oder das andere Programm hörte auf. Beginnen Sie noch einmal.',
  storeRefused:
    'Der Speicher lehnt die Datei immer wieder ab. Versuchen Sie es später; bleibt es so, sagen Sie es dem Betreiber.',
  storeUnreachable:
    'Der Speicher ist von hier nicht erreichbar: Das Netz, eine Firewall oder eine Browser-Erweiterung sperrt ihn vielleicht. ' +
    'Versuchen Sie es noch einmal oder in einem anderen Netz.',
  partFailed: 'Der Speicher versagt immer wieder. Was gespeichert ist, bleibt; versuchen Sie es später.',
  ended:
    'Dieser Upload wurde anderswo beendet: in einem anderen Fenster oder von der Verwaltung. ' +
    'Fügen Sie die Datei neu hinzu, um von vorn zu beginnen.',
  unreachable:
    'Der Upload-Dienst ist nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
  unauthenticated:
    'Der Dienst erkennt die Anmeldung nicht an: Melden Sie sich neu an und versuchen Sie es noch einmal.',
  forbidden: 'Sie dürfen hier nichts hochladen. Fragen Sie, wer Ihnen diese Seite gegeben hat.',
  quotaExceeded: 'Für diese Datei ist kein Platz mehr. Bitten Sie um mehr, oder senden Sie eine kleinere.',
  serviceBusy:
    'Der Dienst oder sein Speicher ist gerade nicht verfügbar. Was gespeichert ist, bleibt; versuchen Sie es bald wieder.',
  misconfigured: 'Der Speicher hinter diesem Dienst ist falsch eingerichtet. Sagen Sie es dem Betreiber.',
  sizeRefused:
    'Diese Datei ist hier zu groß, oder ihre Größe muss vorher feststehen. Wählen Sie eine kleinere, oder fragen Sie, wer Ihnen diese Seite gegeben hat, wie groß sie sein darf.',
  typeRefused:
    'Dateien dieser Art werden hier nicht angenommen. Wählen Sie eine andere, oder fragen Sie, wer Ihnen diese Seite gegeben hat, welche erlaubt sind.',
  nameRefused:
    'Der Name dieser Datei oder ihres Ordners enthält Zeichen, die nicht erlaubt sind, oder ist zu lang. Benennen Sie sie um und wählen Sie sie noch einmal.',
  noDigests:
    'Die Seite wurde nicht über https geöffnet, deshalb kann der Browser die Prüfsummen nicht berechnen, die der Speicher verlangt. Öffnen Sie sie über https.',
  refusedWith: 'Der Dienst lehnt das ab: {detail}',
};
